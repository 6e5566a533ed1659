/** `tui/keys`: bytes from a terminal become named keys, text and pastes. Pure, but for the timer in `keyboard.ts`. */

import { MOST_PASTE, type Stroke } from "./parser.ts";

/**
 * Tells lines that come at once, as a paste from a terminal without brackets has them, from what somebody types: an Enter right after a text
 * waits for a moment. If more text follows, all of it is a paste, and nothing has been sent.
 */
export interface Burst {
  /** When text came last, in milliseconds. */
  readonly textAt: number;
  /** What has come since an Enter right after a text; empty: nothing waits. */
  readonly held: string;
}

export const NO_BURST: Burst = { textAt: Number.NEGATIVE_INFINITY, held: "" };

/** Milliseconds: nobody presses a letter, Enter and a letter within two of these, and a terminal writes a paste faster. */
export const TOGETHER = 25;

export interface Sifted {
  readonly strokes: readonly Stroke[];
  readonly burst: Burst;
}

/** @param now milliseconds of a monotonic clock */
export function sift(before: Burst, strokes: readonly Stroke[], now: number): Sifted {
  const out: Stroke[] = [];
  let { textAt, held } = before;
  for (const stroke of strokes) {
    const more = textOf(stroke);
    if (held !== "" && more !== null) {
      held = (held + more).slice(0, MOST_PASTE);
      continue;
    }
    out.push(...release({ textAt, held }));
    held = "";
    if (isEnter(stroke) && now - textAt <= TOGETHER) held = "\r";
    else out.push(stroke);
    textAt = stroke.kind === "text" ? now : Number.NEGATIVE_INFINITY;
  }
  return { strokes: out, burst: { textAt, held } };
}

/** What has waited long enough: a paste if there is text in it, else the keys that were pressed. */
export function release({ held }: Burst): readonly Stroke[] {
  if (/[^\r\n\t]/.test(held)) return [{ kind: "paste", text: held }];
  return Array.from(held, (character) => ({ kind: "key", name: KEYS[character] ?? "enter" }));
}

const KEYS: Readonly<Record<string, string>> = { "\r": "enter", "\n": "ctrl-j", "\t": "tab" };

/** What a stroke is in a paste; null: pastes have none such. */
function textOf(stroke: Stroke): string | null {
  if (stroke.kind !== "key") return stroke.kind === "text" ? stroke.text : null;
  return Object.keys(KEYS).find((character) => KEYS[character] === stroke.name) ?? null;
}

function isEnter(stroke: Stroke): boolean {
  return stroke.kind === "key" && stroke.name === "enter";
}
