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
      const name = visibleLine(standing.name);
      const trouble = standing.trouble === undefined ? "" : ` ${visibleLine(standing.trouble)}`;
      if (standing.code === null) return `${noRoom(name)}${trouble}`;
      const code = visibleLine(standing.code);
      return `This device shows ${code}, and is not one of ${name}'s yet. On one that is, run pad devices confirm ${code}, or press alt-c in its open chat. (If you are not ${name}: choose another name.)${trouble}`;
    }
    case "removed":
      return REMOVED;
  }
}

/** Its code would be in no list, so it isn't shown. */
function noRoom(name: string): string {
  return `Too many devices wait to be ${name}'s already, so this one can't. On one of ${name}'s devices: pad devices lists them, and pad devices dismiss DEVICE puts out what isn't ${name}'s. This one asks again by itself. (If you are not ${name}: choose another name.)`;
}
