/**
 * The keyboard: bytes of a terminal in, keys, typed text and pastes out. `parser` and `burst` are pure, and tell what they wait for and how
 * long at most; `keyboard` holds the terminal and the clock. Nothing here waits for a byte without an end, and keeps more than so many.
 */
import type { KeyName } from "../../view/keys/table.ts";
import { keyOfControl, keyOfCsi, keyOfEscaped, keyOfSs3 } from "./names.ts";

/** What the keyboard says: a key by its name, or text that was typed, or pasted. */
export type Stroke =
  | { readonly kind: "key"; readonly name: KeyName }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "paste"; readonly text: string };

/** What has been read of something that isn't whole yet. */
export type Pending =
  | { readonly kind: "nothing" }
  /** Esc, once or twice (rxvt's Alt). */
  | { readonly kind: "escape"; readonly twice: boolean }
  /** A key or report (ECMA-48 CSI, SS3): its parameters so far. */
  | { readonly kind: "csi" | "ss3"; readonly alt: boolean; readonly parameters: string }
  /** Characters that belong to what came before, and mean nothing: X10 mouse reports, the Linux console's function keys. */
  | { readonly kind: "skip"; readonly count: number }
  /** What a terminal answers (OSC, DCS and their like), up to BEL or ST: nobody typed it. `opener` is the character that began it. */
  | { readonly kind: "answer"; readonly opener: string; readonly begun: boolean; readonly escaped: boolean }
  | { readonly kind: "paste"; readonly pieces: readonly string[]; readonly length: number; readonly tail: string };

export interface Parsed {
  readonly strokes: readonly Stroke[];
  readonly pending: Pending;
}

export const NOTHING: Pending = { kind: "nothing" };

/** UTF-16 units; what is longer is cut off, or is none. */
const MOST_PARAMETERS = 64;
export const MOST_PASTE = 1_048_576;

const ESC = "\u001b";
const PASTE_END = "\u001b[201~";

/** Milliseconds that may pass without a byte before what is pending is taken as it is; null: nothing is pending. */
export function timeoutOf(pending: Pending): number | null {
  switch (pending.kind) {
    case "nothing":
      return null;
    // A slow line splits a key's bytes; so long it takes until Esc alone is one.
    case "escape":
      return 100;
    case "csi":
    case "ss3":
      // Only Esc and a bracket may have been pressed as Alt-[.
      return pending.parameters === "" ? 200 : 1000;
    case "skip":
    case "answer":
      return 200;
    case "paste":
      return 1000;
  }
}

/** Reads on. The same characters give the same strokes in however many pieces they come; text may be in more pieces, too. */
export function parse(before: Pending, input: string): Parsed {
  const strokes: Stroke[] = [];
  let pending = before;
  for (let at = 0; at < input.length;) {
    if (pending.kind === "nothing") {
      const end = endOfText(input, at);
      if (end > at) strokes.push({ kind: "text", text: input.slice(at, end) });
      if (end < input.length) {
        if (input.charAt(end) === ESC) pending = { kind: "escape", twice: false };
        else strokes.push(key(keyOfControl(input.charAt(end))));
      }
      at = end + 1;
    } else if (pending.kind === "paste") {
      const read = pasteOn(pending, input.slice(at));
      pending = read.pending;
      strokes.push(...read.strokes);
      at += read.used;
    } else {
      const character = String.fromCodePoint(input.codePointAt(at) ?? 0);
      const next = goOn(pending, character);
      pending = next.pending;
      strokes.push(...next.strokes);
      if (!next.again) at += character.length;
    }
  }
  return { strokes, pending };
}

/** What is pending, taken as it is: so long nothing came behind it. */
export function expire(pending: Pending): readonly Stroke[] {
  switch (pending.kind) {
    case "nothing":
    case "skip":
      return [];
    case "escape":
      return pending.twice ? [key("escape"), key("escape")] : [key("escape")];
    case "csi":
      return pending.parameters === "" ? [key("alt-[")] : [];
    case "ss3":
      return pending.parameters === "" ? [key("alt-o")] : [];
    case "answer":
      return pending.begun ? [] : [key(`alt-${pending.opener.toLowerCase()}`)];
    case "paste":
      return pasted(pending.pieces, pending.tail);
  }
}

interface Step extends Parsed {
  /** Whether the character was none of what was pending, and is to be read for itself. */
  readonly again: boolean;
}

/** One character more of what is pending. A control character is never part of one: whoever presses Ctrl-C is heard. */
function goOn(pending: Exclude<Pending, { kind: "nothing" | "paste" }>, character: string): Step {
  switch (pending.kind) {
    case "escape":
      return afterEscape(pending.twice, character);
    case "answer":
      return answerOn(pending, character);
    case "csi":
    case "ss3":
      return sequenceOn(pending, character);
    case "skip":
      if (isControl(character)) return { strokes: [], pending: NOTHING, again: true };
      return done([], pending.count === 1 ? NOTHING : { kind: "skip", count: pending.count - 1 });
  }
}

function afterEscape(twice: boolean, character: string): Step {
  if (character === "[") return done([], { kind: "csi", alt: twice, parameters: "" });
  if (character === "O") return done([], { kind: "ss3", alt: twice, parameters: "" });
  if (twice) {
    // The first was a key of its own.
    return { strokes: [key("escape")], pending: { kind: "escape", twice: false }, again: true };
  }
  if (character === ESC) return done([], { kind: "escape", twice: true });
  if (isControl(character) && !WITH_ALT.has(character)) {
    return { strokes: [key("escape")], pending: NOTHING, again: true };
  }
  if (ANSWERS.has(character)) return done([], { kind: "answer", opener: character, begun: false, escaped: false });
  return done([key(keyOfEscaped(character))], NOTHING);
}

/** Control characters of keys that Alt goes with; any other is pressed behind an Esc. */
const WITH_ALT = new Set(["\r", "\n", "\t", "\b", "\u007f"]);

/** OSC, DCS, SOS, PM and APC. */
const ANSWERS = new Set(["]", "P", "X", "^", "_"]);

function answerOn(answer: Extract<Pending, { kind: "answer" }>, character: string): Step {
  if (answer.escaped) {
    if (character === "\\") return done([], NOTHING);
    return { strokes: [], pending: { kind: "escape", twice: false }, again: true };
  }
  if (character === ESC) return done([], { ...answer, escaped: true });
  if (character === "\u0007" || character === "\u009c") return done([], NOTHING);
  if (isControl(character)) return { strokes: expire(answer), pending: NOTHING, again: true };
  return done([], answer.begun ? answer : { ...answer, begun: true });
}

function sequenceOn(sequence: Extract<Pending, { kind: "csi" | "ss3" }>, character: string): Step {
  const { kind, alt, parameters } = sequence;
  if (isControl(character)) return { strokes: expire(sequence), pending: NOTHING, again: true };
  if (kind === "csi" && parameters === "" && character === "[") return done([], { kind: "skip", count: 1 });
  if (kind === "csi" && parameters === "" && character === "M") return done([], { kind: "skip", count: 3 });
  const isFinal = /^[@-~]$/.test(character) || (character === "$" && /^\d$/.test(parameters));
  if (!isFinal) {
    // Not a character that such a sequence has: it never was one.
    if (!/^[ -?]$/.test(character)) return { strokes: expire(sequence), pending: NOTHING, again: true };
    return done([], { kind, alt, parameters: (parameters + character).slice(0, MOST_PARAMETERS) });
  }
  if (kind === "csi" && character === "~" && parameters === "200") {
    return done([], { kind: "paste", pieces: [], length: 0, tail: "" });
  }
  const name = kind === "csi" ? keyOfCsi(parameters, character, alt) : keyOfSs3(parameters, character, alt);
  return done(name === null ? [] : [key(name)], NOTHING);
}

/** A paste up to its end, of which a part may be the end of what came before. */
function pasteOn(
  { pieces, length, tail }: Extract<Pending, { kind: "paste" }>,
  input: string,
): Parsed & { readonly used: number } {
  const whole = tail + input;
  const end = whole.indexOf(PASTE_END);
  if (end >= 0) {
    const used = end + PASTE_END.length - tail.length;
    return { strokes: pasted(pieces, whole.slice(0, end)), pending: NOTHING, used };
  }
  const kept = beginningOfEnd(whole);
  // What is beyond the bound is read, and forgotten.
  const piece = whole.slice(0, Math.min(whole.length - kept, Math.max(0, MOST_PASTE - length)));
  const longer: Pending = {
    kind: "paste",
    pieces: piece === "" ? pieces : [...pieces, piece],
    length: length + piece.length,
    tail: whole.slice(whole.length - kept),
  };
  return { strokes: [], pending: longer, used: input.length };
}

/** How many of the last characters may be the beginning of the paste's end. */
function beginningOfEnd(text: string): number {
  for (let count = Math.min(PASTE_END.length - 1, text.length); count > 0; count -= 1) {
    if (text.endsWith(PASTE_END.slice(0, count))) return count;
  }
  return 0;
}

function pasted(pieces: readonly string[], last: string): readonly Stroke[] {
  const text = (pieces.join("") + last).slice(0, MOST_PASTE);
  return text === "" ? [] : [{ kind: "paste", text }];
}

function endOfText(input: string, from: number): number {
  let at = from;
  while (at < input.length && !isControl(input.charAt(at))) at += 1;
  return at;
}

function isControl(character: string): boolean {
  return character < " " || character === "\u007f";
}

function key(name: KeyName): Stroke {
  return { kind: "key", name };
}

function done(strokes: readonly Stroke[], pending: Pending): Step {
  return { strokes, pending, again: false };
}
