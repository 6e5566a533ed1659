/** What a typed line asks for: a classic word in its exact shape, or text for everybody. */
export type Typed =
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "send"; readonly to: string; readonly text: string }
  | { readonly kind: "kick" | "ban" | "unban"; readonly id: string }
  | { readonly kind: "list" | "info" | "help" | "server-help" | "server-info" | "list-bans" | "exit" }
  | { readonly kind: "nothing" };

/** The classic words, as `HELP` tells them. */
export const CLASSIC_WORDS: readonly (readonly [shape: string, does: string])[] = [
  ["SEND <id> <text>", "to one client; SEND ALL <text> to everybody"],
  ["LIST", "who is here"],
  ["INFO", "about the server"],
  ["SERVERHELP", "the server's own commands"],
  ["KICK, BAN, UNBAN <id>, LISTBANS, SERVERINFO", "for operators"],
  ["EXIT", "leave"],
  ["anything else", "goes to everybody"],
];

/** Reads a line. A word counts only in capitals and in its whole shape: "KICK off at 5" is a sentence. */
export function readTyped(line: string): Typed {
  const text = line.trim();
  if (text === "") return { kind: "nothing" };
  const plain = PLAIN[text];
  if (plain !== undefined && Object.hasOwn(PLAIN, text)) return { kind: plain };
  const [, verb, word, rest] = /^([A-Z]+) (\S+)(?: ([^]*))?$/.exec(text) ?? [];
  if (word === undefined) return { kind: "say", text };
  if (verb === "SEND" && rest !== undefined) {
    return word === "ALL" ? { kind: "say", text: rest } : { kind: "send", to: word, text: rest };
  }
  if (rest !== undefined) return { kind: "say", text };
  switch (verb) {
    case "KICK":
      return { kind: "kick", id: word };
    case "BAN":
      return { kind: "ban", id: word };
    case "UNBAN":
      return { kind: "unban", id: word };
    default:
      return { kind: "say", text };
  }
}

const PLAIN: Readonly<Record<string, "list" | "info" | "help" | "server-help" | "server-info" | "list-bans" | "exit">> =
  {
    LIST: "list",
    INFO: "info",
    HELP: "help",
    SERVERHELP: "server-help",
    SERVERINFO: "server-info",
    LISTBANS: "list-bans",
    EXIT: "exit",
  };
