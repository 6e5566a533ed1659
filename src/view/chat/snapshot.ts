import type { Conversation as Talk, ConversationId, Hold, Quote, SealedFacts } from "../../client/index.ts";

/**
 * What a face of the chat (terminal, lines, later a page) shows: plain values that never change; news are new values.
 * Texts and names that come from others are as they came; a face makes them `visible` before it shows them.
 */
export interface ChatSnapshot {
  /** The own name. */
  readonly me: string;
  /** The server, as people write it. */
  readonly server: string;
  readonly link: Link;
  readonly operator: boolean;
  /** What is told to those who write to us while we are away; null: we are here. */
  readonly away: string | null;
  /** Those that are always there first, then others in the order in which they became known. Never empty. */
  readonly conversations: readonly Conversation[];
  /** The one that is shown and written to. */
  readonly current: Conversation;
  /** Who is connected, ourselves too, sorted without regard to case; null: not known. */
  readonly members: readonly string[] | null;
  /** What is to be answered or known before all else, in one line: a device that waits, or that this one is none yet; null: nothing. */
  readonly banner: string | null;
  readonly settings: Settings;
}

export type { Quote };

/** The connection to the server; `text` is one line for people. */
export type Link =
  | { readonly kind: "connecting" }
  | { readonly kind: "online" }
  /** `takes`: what is written in a sealed conversation is kept, and goes out later; nothing is while the own agent doesn't answer. */
  | { readonly kind: "lost"; readonly text: string; readonly takes: boolean }
  | { readonly kind: "ended"; readonly text: string };

export interface Conversation {
  readonly id: ConversationId;
  readonly kind: Talk["kind"];
  /** `ALL`, or the other's name as it was last written. */
  readonly title: string;
  /** In the order of their places, bounded in number and bytes: the oldest are let go. */
  readonly entries: readonly Entry[];
  /** What the entries' texts take, in bytes. */
  readonly bytes: number;
  /** What there is before the first entry: nobody has asked, it is being asked for, or nothing. */
  readonly older: "unasked" | "asked" | "none";
  readonly unread: number;
  /** How many of the unread were to us alone or name us. */
  readonly highlights: number;
  /** The entry above which the unread line is drawn: the first that was unread when the conversation was opened. */
  readonly unreadFrom: number | null;
  /** Who can read what is written here, as a phrase: "the server and everybody here". */
  readonly readers: string;
  /** The names of those who can, our own too; null: who they are isn't known, or changes at any moment. */
  readonly readerNames: readonly string[] | null;
  /** Whether the server is one of them. */
  readonly serverReads: boolean;
  /** Whether whoever the server lets in can join, and then read. */
  readonly isOpen: boolean;
  /** Why what is written here waits, and what to do about it, in one line; null: it goes out. */
  readonly held: string | null;
  readonly hold: Hold | null;
  readonly search: Search | null;
}

/** A search in a conversation: its words, and the entry that it stands at. */
interface Search {
  readonly words: string;
  readonly at: number;
}

/**
 * `key` is unique in a chat and grows with each entry that comes in; `place` orders the entries of a conversation, where it is the same
 * the key does; `at` is in milliseconds since 1970.
 */
export type Entry = { readonly key: number; readonly place: number; readonly at: number } & (Message | Note);

export interface Message {
  readonly kind: "message";
  readonly from: string;
  /** Without the `/me ` of an emote. */
  readonly text: string;
  readonly own: boolean;
  /** Told in the third person (XEP-0245): "alice waves". */
  readonly emote: boolean;
  /** Whether somebody else's message names us. */
  readonly mention: boolean;
  readonly delivery: Delivery;
  /** What only a sealed message has; absent where the server could read it. */
  readonly sealed?: Sealed;
}

/** `id` is what commands call the message by. */
export interface Sealed extends SealedFacts {
  readonly id: string;
  /** Whether this very window wrote it. */
  readonly isFromHere: boolean;
}

/** What is known of a message of our own; others' are `delivered`. `why` is one line for people. */
export type Delivery =
  | { readonly kind: "sending" }
  | { readonly kind: "taken" }
  /** Kept for anyone who was not there. */
  | { readonly kind: "stored" }
  | { readonly kind: "delivered" }
  /** The connection ended before the answer. */
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly why: string };

/** What the client or the server says; several lines where it is a list. */
export interface Note {
  readonly kind: "note";
  readonly text: string;
  readonly tone: "plain" | "trouble";
}

/** What a person has set with `/set`; kept between runs. */
export interface Settings {
  /** When the terminal's bell rings. */
  readonly bell: "off" | "direct" | "all";
  /** A program, with its arguments, that is run on direct messages and mentions; empty: none. */
  readonly notify: readonly string[];
  /** Whether the member list is shown where there is room for it. */
  readonly members: boolean;
  /** Whether it is said who comes and goes. */
  readonly joins: boolean;
  /** Whether a time stands before each message. */
  readonly times: boolean;
  readonly colours: "dark" | "light" | "none";
  /** Whether a paste of several lines asks first. */
  readonly askPaste: boolean;
  /** Whose messages are not shown; lower case. */
  readonly ignored: readonly string[];
}
