import type { Intent } from "./intent.ts";

/** What stands behind a command's name, as its usage line says it. A NAME is one word, a TEXT all the rest. */
type Shape = "" | "NAME" | "[NAME]" | "NAME TEXT" | "NAME [REASON]" | "TEXT" | "[TEXT]" | "[SETTING [VALUE]]";

/** One slash command: how it is written, told and completed, and what it asks for. */
export interface SlashCommand {
  readonly name: string;
  readonly shape: Shape;
  readonly help: string;
  readonly operator?: true;
  /** `word` is the NAME or SETTING, `text` the TEXT or VALUE; what wasn't written is empty. */
  readonly intent: (word: string, text: string) => Intent;
}

/** All of them, in the order in which `/help` tells them. Parser, help and completion read this table. */
export const SLASH_COMMANDS: readonly SlashCommand[] = [
  {
    name: "msg",
    shape: "NAME TEXT",
    help: "a message to one person; ALL is everybody",
    intent: (to, text) => ({ kind: "send", to, text }),
  },
  {
    name: "to",
    shape: "[NAME]",
    help: "write to this person from now on; ALL, or nobody named, is everybody",
    intent: (id) => ({ kind: "open", id: id || "ALL" }),
  },
  { name: "query", shape: "[NAME]", help: "the same as /to", intent: (id) => ({ kind: "open", id: id || "ALL" }) },
  {
    name: "close",
    shape: "[NAME]",
    help: "close this conversation, or that with NAME, and forget what was said in it",
    intent: (id) => ({ kind: "close", id }),
  },
  {
    name: "me",
    shape: "TEXT",
    help: "say what you are doing: /me waves",
    intent: (_, text) => ({ kind: "say", text: `/me ${text}` }),
  },
  { name: "who", shape: "", help: "who is here", intent: () => ({ kind: "ask", question: "who" }) },
  { name: "info", shape: "", help: "about the server", intent: () => ({ kind: "ask", question: "info" }) },
  {
    name: "away",
    shape: "[TEXT]",
    help: "answer once with this whoever writes to you; without a text you are back",
    intent: (_, text) => ({ kind: "away", text }),
  },
  {
    name: "ignore",
    shape: "[NAME]",
    help: "show nothing of this person any more, or again; without a name: who is ignored",
    intent: (id) => ({ kind: "ignore", id }),
  },
  {
    name: "search",
    shape: "[TEXT]",
    help: "find words in this conversation; without words: further back",
    intent: (_, words) => ({ kind: "search", words }),
  },
  { name: "clear", shape: "", help: "empty this conversation's pane", intent: () => ({ kind: "clear" }) },
  {
    name: "set",
    shape: "[SETTING [VALUE]]",
    help: "show the settings, or change one",
    intent: (name, value) => ({ kind: "set", name, value }),
  },
  {
    name: "help",
    shape: "[TEXT]",
    help: "this; /help keys: the keys; /help COMMAND: one command",
    intent: (_, about) => ({ kind: "help", about }),
  },
  { name: "quit", shape: "", help: "leave", intent: () => ({ kind: "quit" }) },
  { name: "exit", shape: "", help: "the same as /quit", intent: () => ({ kind: "quit" }) },
  {
    name: "kick",
    shape: "NAME [REASON]",
    help: "end somebody's connection, and tell them why; they may come again",
    operator: true,
    intent: (id, reason) => ({ kind: "kick", id, reason }),
  },
  {
    name: "ban",
    shape: "NAME [REASON]",
    help: "keep somebody out, and tell them why; where Tailscale tells who it is, under any name",
    operator: true,
    intent: (id, reason) => ({ kind: "ban", id, reason }),
  },
  {
    name: "unban",
    shape: "NAME",
    help: "let somebody in again",
    operator: true,
    intent: (id) => ({ kind: "unban", id }),
  },
  { name: "bans", shape: "", help: "who is banned", operator: true, intent: () => ({ kind: "ask", question: "bans" }) },
];

export function findCommand(name: string): SlashCommand | undefined {
  return SLASH_COMMANDS.find((command) => command.name === name.toLowerCase());
}

/** `/msg NAME TEXT` */
export function usage({ name, shape }: SlashCommand): string {
  return shape === "" ? `/${name}` : `/${name} ${shape}`;
}
