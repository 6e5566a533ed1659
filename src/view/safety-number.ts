import type { SafetyNumber } from "../client/index.ts";
import { visibleLine } from "../text/visible.ts";
import { NOT_SEEN } from "./explain.ts";

/** Digits of one group, and groups in one line. */
const GROUP = /\d{5}/g;
const IN_LINE = 4;

/** Twelve groups of five digits, in three lines. */
export function numberLines(number: string): readonly string[] {
  const groups = number.match(GROUP) ?? [];
  return [0, 1, 2].map((line) => groups.slice(line * IN_LINE, (line + 1) * IN_LINE).join(" "));
}

/** Who it is whom one compares with: `bob, person bob@example.com (not seen in your tailnet)`. */
export function whoItIs({ name, kind, identity, tailnet }: SafetyNumber): string {
  const who = kind === "name" ? "a name only" : `${kind} ${visibleLine(identity)}`;
  return `${visibleLine(name)}, ${who}${tailnet === "absent" ? ` (${NOT_SEEN})` : ""}`;
}

/** How far one has got with it, and what to do; `same` is what says that both have the same number. */
export function whatOfIt({ name, level, isChanged }: SafetyNumber, same: string): string {
  const who = visibleLine(name);
  if (level === "compared")
    return `You have compared it with ${who}, or the one of a key before it, which has signed this one.`;
  const compare = `Compare it with ${who} by a way that you trust (face to face, a call), not here. If both of you see the same: ${same}`;
  return isChanged
    ? `CAREFUL: this is the number of another key than the one you know of ${who}. Ask them whether they made a new one. ${compare}`
    : `Not compared yet. ${compare}`;
}
