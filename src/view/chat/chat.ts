import type { ConversationId } from "../../client/index.ts";
import type { ChatSnapshot } from "./snapshot.ts";

/** A chat as its faces use it. `subscribe` and `getSnapshot` are those of React's useSyncExternalStore. */
export interface Chat {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => ChatSnapshot;
  /**
   * Does what a written text asks for: a slash command, a classic word in its exact shape, or a message to the current
   * conversation.
   */
  submit(text: string): Submitted;
  /** Somebody begins to write to the current conversation: whoever is shown there as a reader now has been seen, for that text. */
  began(): void;
  /** Says a text to the current conversation whatever it looks like: what was pasted is no command. */
  say(text: string): boolean;
  /** Opens a conversation that is there. */
  open(id: ConversationId): void;
  /** Opens the conversation that these words name, even with somebody who isn't here yet. Returns false where they name none, and says so. */
  openNamed(words: string): boolean;
  /** Asks for what was said before the first entry of the current conversation, where there may be such. */
  loadOlder(): void;
  /** Forgets the search of the current conversation. */
  endSearch(): void;
  /** Opens the next conversation with something unread, those with highlights first. */
  openNextUnread(): void;
  /** What can stand at the cursor: see `Completion`. */
  complete(before: string): Completion;
  /** The person's answer about the device of theirs that waits to be confirmed, see `banner`. False: none does. */
  answerDevice(isOurs: boolean): boolean;
  /** Leaves the server, and resolves when that is done. */
  leave(): Promise<void>;
  /** Resolves when the chat is over, whoever ended it. */
  ended(): Promise<void>;
}

/**
 * What became of a text. `wrong`: it is a command that can't be done, and a note says why; the writer finds it in the history.
 * `kept`: it can't go now (no connection, too long for one message), and stays with its writer.
 */
export type Submitted = "done" | "wrong" | "kept";

/** What Tab can put in place of the last `length` UTF-16 units before the cursor, best first; each whole, with a space or colon. */
export interface Completion {
  readonly length: number;
  readonly candidates: readonly string[];
}
