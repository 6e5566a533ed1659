import type { Intent } from "./intent.ts";

/** What stands behind a command's name, as its usage line says it. A NAME is one word, a TEXT all the rest. */
type Shape =
  | ""
  | "NAME"
  | "[NAME]"
  | "NAME TEXT"
  | "NAME [REASON]"
  /** The safety number as the other has told it, or that both see the same. */
  | "NAME [NUMBER]"
  | "TEXT"
  | "[TEXT]"
  /** What a new device shows, with blanks in it or without. */
  | "CODE"
  /** A device's label. */
  | "[DEVICE]"
  | "[SETTING [VALUE]]"
  | "#ROOM"
  | "[#ROOM]"
  | "#ROOM [invite]"
  /** A message of the conversation, counted from its end: `^2` is the last but one. */
  | "[^N]"
  | "[^N] TEXT";

/** One slash command: how it is written, told and completed, and what it asks for. */
export interface SlashCommand {
  readonly name: string;
  readonly shape: Shape;
  readonly help: string;
  readonly operator?: true;
  /** `word` is the NAME, ROOM (without `#`), N or SETTING, `text` the TEXT or VALUE; what wasn't written is empty, an N 1. */
  readonly intent: (word: string, text: string) => Intent;
}

/** All of them, in the order in which `/help` tells them. Parser, help and completion read this table. */
export const SLASH_COMMANDS: readonly SlashCommand[] = [
  {
    name: "msg",
    shape: "NAME TEXT",
    help: "a message to one person or #room; ALL is everybody who is here now",
    intent: (to, text) => ({ kind: "send", to, text }),
  },
  {
    name: "to",
    shape: "[NAME]",
    help: "write to this person or #room from now on; ALL, or no name, is everybody who is here now",
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
  {
    name: "rooms",
    shape: "",
    help: "list the rooms, and which of them you are in",
    intent: () => ({ kind: "ask", question: "rooms" }),
  },
  {
    name: "create",
    shape: "#ROOM [invite]",
    help: "make a room; with invite only people who are invited can join, else whoever the server lets in",
    intent: (name, access) => ({ kind: "create", name, access: access === "" ? "open" : "invite" }),
  },
  { name: "join", shape: "#ROOM", help: "join an open room", intent: (name) => ({ kind: "join", name }) },
  {
    name: "invite",
    shape: "NAME",
    help: "bring somebody into this room, on all of their devices",
    intent: (person) => ({ kind: "invite", person }),
  },
  {
    name: "leave",
    shape: "[#ROOM]",
    help: "leave this room, or that one; what was said stays here, and /to opens it",
    intent: (name) => ({ kind: "leave", name }),
  },
  {
    name: "members",
    shape: "",
    help: "who is in this room, who vouches for them, and on which devices",
    intent: () => ({ kind: "ask", question: "members" }),
  },
  {
    name: "readers",
    shape: "",
    help: "who can read what is written here, and who could read the last message; alt-r shows it under each",
    intent: () => ({ kind: "readers" }),
  },
  {
    name: "accept",
    shape: "[NAME]",
    help: "send what waits to those who are new as well; with NAME: although that person's key has changed",
    intent: (person) => ({ kind: "accept", person }),
  },
  {
    name: "verify",
    shape: "NAME [NUMBER]",
    help: "the number of you two, to be compared by a way that you trust; with theirs, or same: remember that both are the same",
    intent: (person, number) => ({ kind: "verify", person, number }),
  },
  {
    name: "reply",
    shape: "[^N] TEXT",
    help: "answer the last message of somebody else here; ^2 the one before it",
    intent: (back, text) => ({ kind: "reply", back: Number(back), text }),
  },
  {
    name: "edit",
    shape: "[^N] TEXT",
    help: "put this text in place of your last message here; ^2 of the one before it",
    intent: (back, text) => ({ kind: "edit", back: Number(back), text }),
  },
  {
    name: "delete",
    shape: "[^N]",
    help: "take back your last message here, or the one before it with ^2",
    intent: (back) => ({ kind: "delete", back: Number(back) }),
  },
  {
    name: "plain",
    shape: "NAME",
    help: "write to somebody so that the server can read it, although they can be written to sealed",
    intent: (person) => ({ kind: "plain", person }),
  },
  {
    name: "devices",
    shape: "",
    help: "your own devices, and those that wait to be confirmed",
    intent: () => ({ kind: "ask", question: "devices" }),
  },
  {
    name: "confirm",
    shape: "CODE",
    help: "the new device that shows this code is yours; alt-c where one is asked about",
    intent: (_, code) => ({ kind: "confirm", code }),
  },
  {
    name: "dismiss",
    shape: "[DEVICE]",
    help: "the device that waits, or that of this name or code, is none of yours; alt-x where one is asked about",
    intent: (_, device) => ({ kind: "dismiss", device }),
  },
  { name: "who", shape: "", help: "who is here", intent: () => ({ kind: "ask", question: "who" }) },
  { name: "info", shape: "", help: "about the server", intent: () => ({ kind: "ask", question: "info" }) },
  {
    name: "away",
    shape: "[TEXT]",
    help: "send this once to each person who writes to you; without a text you are back",
    intent: (_, text) => ({ kind: "away", text }),
  },
  {
    name: "ignore",
    shape: "[NAME]",
    help: "hide this person's messages, or show them again; without a name: who is ignored",
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
    help: "this list; /help keys: the keys; /help COMMAND: one command",
    intent: (_, about) => ({ kind: "help", about }),
  },
  { name: "quit", shape: "", help: "leave", intent: () => ({ kind: "quit" }) },
  { name: "exit", shape: "", help: "the same as /quit", intent: () => ({ kind: "quit" }) },
  {
    name: "kick",
    shape: "NAME [REASON]",
    help: "end somebody's connection, and tell them why; they may come back",
    operator: true,
    intent: (id, reason) => ({ kind: "kick", id, reason }),
  },
  {
    name: "ban",
    shape: "NAME [REASON]",
    help: "keep somebody out, and tell them why; where Tailscale says who they are, under any name",
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
