import type { StoreError } from "../store/errors.ts";
import type { Contents, DataFacts, Held } from "./data-facts.ts";
import { visibleLine } from "../text/visible.ts";
import { fine, MOST_OF_OTHERS, type Finding } from "./findings.ts";

const MEGABYTE = 1024 * 1024;
/** Names and bans need little; a file system that is about to fill up stops a server anyway. */
const LITTLE_SPACE = 100 * MEGABYTE;

/** Whether the data folder is fit for a server, and whole. */
export function examineData(facts: DataFacts): readonly Finding[] {
  return [inPlace(facts), ...safe(facts), ...roomy(facts)];
}

function inPlace(facts: DataFacts): Finding {
  const { folder, place, contents } = facts;
  switch (place.kind) {
    case "missing":
      return notYet(facts);
    case "not-a-folder":
      return {
        area: "data",
        level: "error",
        what: `${folder} is not a folder.`,
        cause: "Something else lies where the server would keep names and bans.",
        next: "Move it away, or choose another folder with --data.",
      };
    case "closed":
      return {
        area: "data",
        level: "error",
        what: `This user may not use ${folder}.`,
        cause: `${visibleLine(place.error.message, MOST_OF_OTHERS)}.`,
        next: "Run this as the server's user, or name the server's folder with --data.",
      };
    case "folder":
      return contents === null ? notYet(facts) : whole(facts, contents);
  }
}

function whole(facts: DataFacts, contents: Contents): Finding {
  const { folder } = facts;
  switch (contents.kind) {
    case "nothing":
      return notYet(facts);
    case "running":
      return fine("data", `${folder}: its server runs and answers, ${counts(contents.held)}${room(facts)}`);
    case "stopped":
      return fine("data", `${folder}: whole, ${counts(contents.held)}${room(facts)}`);
    case "silent":
      return {
        area: "data",
        level: "error",
        what: `The server of ${folder}, process ${contents.server.pid}, does not answer.`,
        cause: `It left word that it listens on port ${contents.server.port} of 127.0.0.1, and nothing of it is there.`,
        next: "Look at its log; restart it if it hangs.",
      };
    case "unusable":
      return unusable(folder, contents.error);
  }
}

function notYet(facts: DataFacts): Finding {
  return {
    area: "data",
    level: "note",
    what: `${facts.folder}: nothing is kept there yet${room(facts)}.`,
    cause: "No server has run with this folder.",
    next: "Start one: padserve serve; or name the folder of one that has run with --data.",
  };
}

function unusable(folder: string, { code, cause }: StoreError): Finding {
  const why = visibleLine(cause instanceof Error ? cause.message : String(cause), MOST_OF_OTHERS);
  const common = { area: "data", level: "error", cause: `What was found: ${why}.` } as const;
  switch (code) {
    case "damaged":
      return {
        ...common,
        what: `The database in ${folder} is damaged.`,
        next: "Move padserve.db, padserve.db-mark and padserve.db-wal away together, then bring back a backup (padserve restore), or start without: names, bans, devices and sealed messages that wait are lost then.",
      };
    case "newer":
      return {
        ...common,
        what: `The database in ${folder} was made by a newer Padserve.`,
        next: "Install that version or a later one.",
      };
    case "not-ours":
      return {
        ...common,
        what: `What lies in ${folder} as padserve.db is not ours.`,
        next: "Move it away, or choose another folder with --data.",
      };
    case "in-use":
      return {
        ...common,
        level: "warning",
        what: `The database in ${folder} was being written just now.`,
        cause: "A server is starting or stopping there.",
        next: "Ask again in a moment.",
      };
    default:
      return { ...common, what: `The database in ${folder} can't be read.`, next: "Look at the disk, then ask again." };
  }
}

function safe({ folder, place }: DataFacts): readonly Finding[] {
  if (place.kind !== "folder" || (place.mode & 0o022) === 0 || process.platform === "win32") return [];
  return [
    {
      area: "data",
      level: "warning",
      what: `Others may write in ${folder} (its mode is 0${place.mode.toString(8)}).`,
      cause: "Who can put files there can become its administrator.",
      next: `Run: chmod 700 ${folder}`,
    },
  ];
}

function roomy({ folder, space }: DataFacts): readonly Finding[] {
  if (space === null || space >= LITTLE_SPACE) return [];
  return [
    {
      area: "data",
      level: space < MEGABYTE ? "error" : "warning",
      what: `Only ${Math.floor(space / MEGABYTE)} MB are left for ${folder}.`,
      cause: "On a full disk no name and no ban can be kept, and the server refuses them.",
      next: "Free some space, or choose a folder on another disk with --data.",
    },
  ];
}

function counts({ claims, bans }: Held): string {
  return `${claims.length} name${claims.length === 1 ? "" : "s"}, ${bans} ban${bans === 1 ? "" : "s"}`;
}

function room({ space }: DataFacts): string {
  if (space === null || space < LITTLE_SPACE) return "";
  const megabytes = space / MEGABYTE;
  return megabytes < 1024 ? `, ${Math.floor(megabytes)} MB free` : `, ${Math.floor(megabytes / 1024)} GB free`;
}
