import { SETTINGS } from "../settings/table.ts";
import type { Completion } from "../chat/chat.ts";
import { findCommand, SLASH_COMMANDS } from "./table.ts";

/** Who and what can be completed now. */
export interface Completable {
  /** Best first. */
  readonly names: readonly string[];
  /** With their `#`. */
  readonly rooms: readonly string[];
  readonly operator: boolean;
}

/** Commands whose NAME may be a room's, or ALL. */
const TO_PLACES = new Set(["msg", "to", "query", "close"]);

const WORDS_BEFORE_A_NAME = new Set(["SEND", "KICK", "BAN", "UNBAN"]);

/** What can stand for the last word of `before`, which is all that is written before the cursor. */
export function complete(before: string, { names, rooms, operator }: Completable): Completion {
  const start = startOfLastWord(before);
  const word = before.slice(start);
  const earlier = before.slice(0, start);
  const [, slash, argument] = /^\/(\S+) +(?:(\S+) +)?$/.exec(earlier) ?? [];
  if (earlier === "" && /^\/(?!\/)/.test(word)) return offer(word, slashes(operator), " ");
  const command = slash === undefined ? undefined : findCommand(slash);
  if (command?.shape === "[SETTING [VALUE]]") {
    return argument === undefined ? offer(word, [...SETTINGS.keys()], " ") : offer(word, valuesOf(argument), "");
  }
  if (argument === undefined && command?.shape.includes("#ROOM") === true) return offer(word, rooms, "");
  const named = argument === undefined && command?.shape.includes("NAME") === true;
  if (named) {
    const places = TO_PLACES.has(command.name) ? [...names, ...rooms, "ALL"] : names;
    return offer(word, places, command.shape === "NAME TEXT" ? " " : "");
  }
  if (WORDS_BEFORE_A_NAME.has(earlier.trimEnd())) return offer(word, names, " ");
  if (word.startsWith("@"))
    return offer(
      word,
      names.map((name) => `@${name}`),
      " ",
    );
  // At the beginning a name is who is spoken to.
  return offer(word, names, earlier === "" ? ": " : " ");
}

/** Looked for from the end: a pattern for it would try each word of a long text anew. */
function startOfLastWord(text: string): number {
  let start = text.length;
  while (start > 0 && !/\s/.test(text.charAt(start - 1))) start -= 1;
  return start;
}

function offer(word: string, candidates: readonly string[], behind: string): Completion {
  if (word === "") return { length: 0, candidates: [] };
  const wanted = word.toLowerCase();
  return {
    length: word.length,
    candidates: candidates
      .filter((candidate) => candidate.toLowerCase().startsWith(wanted))
      .map((candidate) => candidate + behind),
  };
}

function slashes(operator: boolean): readonly string[] {
  return SLASH_COMMANDS.filter((command) => operator || command.operator !== true).map(({ name }) => `/${name}`);
}

function valuesOf(setting: string): readonly string[] {
  return SETTINGS.get(setting)?.values ?? [];
}
