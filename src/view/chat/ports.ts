import type { ChatClient, ConversationId, Failure, SealedChat } from "../../client/index.ts";
import type { Alert } from "./alerts.ts";
import type { Settings } from "./snapshot.ts";

/** What a chat needs of the world. */
export interface ChatPorts {
  readonly client: ChatClient;
  /** The same, where it can seal; absent: it can't. */
  readonly sealed?: SealedChat;
  /** How many messages from before are shown where a conversation is opened. Default 100. */
  readonly shownFromBefore?: number;
  /** As people write it. */
  readonly server: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly settings: Settings;
  /** What went wrong before the chat began, such as a settings file that can't be read: told in it. */
  readonly troubles: readonly string[];
  /** What is to be known before anything is said: told in the chat, first of all. */
  readonly foreword?: readonly string[];
  /** The same, where it takes a moment to know: told as soon as it is. */
  readonly later?: Promise<readonly string[]>;
  /** What was seen in earlier runs; absent: nothing of what came before counts as unread. */
  readonly seen?: SeenMarks;
  /** Keeps them for the next run. Returns what went wrong, in words, or null. */
  readonly saveSettings: (settings: Settings) => string | null;
  /** Hears of each question and order, which is noted as well, that came to nothing. Messages tell it themselves. */
  readonly failed?: (failure: Failure) => void;
  /** Makes a message noticed. Gives what went wrong, in words, or null. */
  readonly alert: (alert: Alert) => Promise<string | null>;
}

/** Up to when each conversation has been seen, by the server's clock, in milliseconds since 1970. */
export interface SeenMarks {
  /** 0: never. */
  readonly of: (id: ConversationId) => number;
  readonly mark: (id: ConversationId, at: number) => void;
  /** Whether what comes in is in sight whatever conversation is open, as it is line by line. */
  readonly all?: boolean;
}
