import type { Settings } from "../../view/chat/snapshot.ts";
import { widthOf } from "./glyphs.ts";

export type Colours = Settings["colours"];

/** What a text is, from which follows how it looks. */
export interface Style {
  readonly tone?: Tone;
  readonly bold?: boolean;
  readonly inverse?: boolean;
  /** An absolute address in ASCII; underlined, and opened whole by terminals that know OSC 8, however it is wrapped. */
  readonly link?: string;
}

/** `name-0` and on are the colours of people's names. */
export type Tone = "quiet" | "trouble" | "accent" | `name-${number}`;

export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One row of the screen. */
export type Row = readonly Span[];

export const PLAIN: Style = {};

/** Open: the server can read what is said there; closed: it can't. Two cells each. */
export function lockOf({ serverReads }: { readonly serverReads: boolean }): string {
  return serverReads ? "🔓" : "🔒";
}

export function span(text: string, style: Style = PLAIN): Span {
  return { text, style };
}

export function rowWidth(row: Row): number {
  return row.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** The 16 colours that every terminal has, less those that vanish on some background. */
const PALETTES = {
  dark: { trouble: 91, accent: 96, names: [32, 35, 36, 92, 94, 95, 96] },
  light: { trouble: 31, accent: 34, names: [32, 34, 35, 36] },
};

/** A row as a terminal takes it (ECMA-48 SGR, OSC 8); every style is ended in the row. */
export function paint(row: Row, colours: Colours): string {
  return row.map(({ text, style }) => paintSpan(text, style, colours)).join("");
}

function paintSpan(text: string, style: Style, colours: Colours): string {
  if (text === "") return "";
  const codes = codesOf(style, colours);
  const opened = codes.map(([code]) => `\u001b[${code}m`).join("");
  const closed = codes
    .toReversed()
    .map(([, end]) => `\u001b[${end}m`)
    .join("");
  const painted = opened + text + closed;
  return style.link === undefined ? painted : `\u001b]8;;${style.link}\u0007${painted}\u001b]8;;\u0007`;
}

function codesOf({ tone, bold, inverse, link }: Style, colours: Colours): readonly (readonly [number, number])[] {
  const codes: (readonly [number, number])[] = [];
  if (tone === "quiet") codes.push([2, 22]);
  else if (tone !== undefined && colours !== "none") codes.push([colourOf(tone, colours), 39]);
  if (bold === true) codes.push([1, 22]);
  if (link !== undefined) codes.push([4, 24]);
  if (inverse === true) codes.push([7, 27]);
  return codes;
}

function colourOf(tone: Exclude<Tone, "quiet">, colours: Exclude<Colours, "none">): number {
  const palette = PALETTES[colours];
  if (tone === "trouble" || tone === "accent") return palette[tone];
  const nth = Number(tone.slice("name-".length));
  return palette.names[nth % palette.names.length] ?? palette.accent;
}

/** Numbers after which both palettes begin anew together. */
const TONES = 28;
/** People whose colours are remembered: a flood of names must not fill the memory. */
const MOST_NAMES = 1000;

const tones = new Map<string, number>();

/**
 * A person's colour: that of the name, the same on every machine, unless somebody who was shown before has it; then the next that the
 * fewest have.
 */
export function toneOfName(name: string): Tone {
  const key = name.toLowerCase();
  const known = tones.get(key);
  if (known !== undefined) return `name-${known}`;
  if (tones.size >= MOST_NAMES) tones.clear();
  const first = hashOf(key) % TONES;
  const inTurn = Array.from({ length: TONES }, (_, step) => (first + step) % TONES);
  const others = [...tones.values()];
  const clashes = inTurn.map(
    (tone) =>
      others.filter((other) => other % PALETTES.dark.names.length === tone % PALETTES.dark.names.length).length +
      others.filter((other) => other % PALETTES.light.names.length === tone % PALETTES.light.names.length).length,
  );
  const chosen = inTurn[clashes.indexOf(Math.min(...clashes))] ?? first;
  tones.set(key, chosen);
  return `name-${chosen}`;
}

function hashOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return hash;
}
