import type { Doubt } from "../client/index.ts";
import { visibleLine, visibleName } from "../text/visible.ts";

/** What was said, as far as it matters for whose word it is. */
interface Said {
  readonly from: string;
  readonly sealed?: { readonly doubt?: Doubt };
}

/** Whose message it is, for people: the name, and what speaks against its being theirs. */
export function senderOf({ from, sealed }: Said): string {
  const name = sealed === undefined ? visibleLine(from) : visibleName(from);
  return `${name}${markOf(sealed?.doubt)}`;
}

/** The same for programs, which compare names: with a mark it is nobody's name, since names have no blanks. Not made visible yet. */
export function markedName({ from, sealed }: Said): string {
  return `${from}${markOf(sealed?.doubt)}`;
}

/** What stands behind the name of a doubtful message's sender, a blank before it; empty: nothing is in doubt. */
export function markOf(doubt: Doubt | undefined): string {
  switch (doubt) {
    case undefined:
      return "";
    case "changed-key":
      return " (key changed, not confirmed)";
    case "removed-device":
      return " (from a device that they removed)";
  }
}
