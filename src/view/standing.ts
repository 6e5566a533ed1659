import type { Standing } from "../client/index.ts";
import { visibleLine } from "../text/visible.ts";

/** What a device is told that was removed, and what to do about it. */
export const REMOVED =
  "This device was removed from your devices, a copy of it (a cloned machine, a restored backup) has taken its place, or your key was replaced without it (the server was restored): what it has stays readable, and it can't write. pad devices new makes a new one in its place.";

/** Why this device is none of its person's, and what to do about it, in one line; null: it is, or was never here. */
export function explainStanding(standing: Standing): string | null {
  switch (standing.kind) {
    case "unknown":
    case "confirmed":
      return null;
    case "pending": {
      const [name, code] = [visibleLine(standing.name), visibleLine(standing.code)];
      const trouble = standing.trouble === undefined ? "" : ` ${visibleLine(standing.trouble)}`;
      return `This device shows ${code}, and is not one of ${name}'s yet. On one that is, run pad devices confirm ${code}, or press alt-c in its open chat. (If you are not ${name}: choose another name.)${trouble}`;
    }
    case "removed":
      return REMOVED;
  }
}
