/** `view/commands`: the slash commands and the classic words as tables; reading, help and completion come from them. */

import type { Intent } from "./intent.ts";

/** The words of the original client, as `/help` tells them. `operator`: of use to operators only. */
export const CLASSIC_WORDS: readonly (readonly [shape: string, does: string, operator: boolean])[] = [
  ["SEND NAME TEXT", "as /msg", false],
  ["LIST", "as /who", false],
  ["INFO", "as /info", false],
  ["HELP", "as /help", false],
  ["SERVERHELP", "the server's own commands", false],
  ["EXIT", "as /quit", false],
  ["KICK, BAN, UNBAN NAME", "as /kick, /ban, /unban", true],
  ["LISTBANS", "as /bans", true],
  ["SERVERINFO", "about the server, for operators", true],
];

const PLAIN: ReadonlyMap<string, Intent> = new Map<string, Intent>([
  ["LIST", { kind: "ask", question: "who" }],
  ["INFO", { kind: "ask", question: "info" }],
  ["HELP", { kind: "help", about: "" }],
  ["SERVERHELP", { kind: "ask", question: "server-help" }],
  ["SERVERINFO", { kind: "ask", question: "server-info" }],
  ["LISTBANS", { kind: "ask", question: "bans" }],
  ["EXIT", { kind: "quit" }],
]);

/**
 * Reads a classic word: one counts only in capitals and in its whole shape, so that "KICK off at 5" is a sentence.
 * Null: the text is none.
 */
export function readClassic(text: string): Intent | null {
  const line = text.trim();
  const plain = PLAIN.get(line);
  if (plain !== undefined) return plain;
  const [, verb, word = "", rest] = /^([A-Z]+) (\S+)(?: ([^]*))?$/.exec(line) ?? [];
  if (verb === "SEND" && rest !== undefined) return { kind: "send", to: word, text: rest };
  if (rest !== undefined) return null;
  switch (verb) {
    case "KICK":
      return { kind: "kick", id: word, reason: "" };
    case "BAN":
      return { kind: "ban", id: word, reason: "" };
    case "UNBAN":
      return { kind: "unban", id: word };
    default:
      return null;
  }
}
