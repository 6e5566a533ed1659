import type { ChatClient } from "./chat-client.ts";
import type { Conversation, ConversationId } from "./conversation.ts";
import type { OwnDevices } from "./devices.ts";
import type { ChatMessage } from "./message.ts";
import type { Outcome, Reply } from "./outcomes.ts";

/**
 * A chat client that can seal: rooms and direct conversations that only their members' devices can read. What is written is kept
 * until it is stored, also over restarts, so `send` works while the server is away. Names and texts come from others as they are.
 */
export interface SealedChat extends ChatClient, OwnDevices {
  /**
   * As ChatClient's; resolves when the server has stored it, or refused, or when it is held because somebody has to look first.
   * While the server is away it waits: see `delivery`.
   */
  send(conversation: ConversationId, text: string, options?: SendOptions): Promise<Outcome>;
  /** Replaces the text of a message of our own. `message` is its id. */
  edit(conversation: ConversationId, message: string, text: string): Promise<Outcome>;
  /** Takes back a message of our own: it is shown as deleted to all who have it. */
  remove(conversation: ConversationId, message: string): Promise<Outcome>;

  /** Rooms: those of this device, and the open ones that it could join. */
  rooms(): Promise<Reply<readonly Room[]>>;
  /** `name` without its `#`. */
  createRoom(name: string, access: "open" | "invite"): Promise<Reply<Conversation>>;
  join(name: string): Promise<Reply<Conversation>>;
  leave(conversation: ConversationId): Promise<Outcome>;
  /** All devices of the person. */
  invite(conversation: ConversationId, person: string): Promise<Outcome>;
  members(conversation: ConversationId): Promise<Reply<readonly Member[]>>;
  /**
   * The conversation with a person: sealed where they have a device, online or not; classic where they have none and were never
   * written to sealed, or `allowPlain` was called.
   */
  direct(person: string): Promise<Reply<Conversation>>;
  /** From now on this person may be written to so that the server can read it. */
  allowPlain(person: string): Promise<Reply<Conversation>>;
  /**
   * What the two compare, over a way that they trust: the same on both sides exactly when each has the other's true key. It is of the key by
   * which this device knows them, or of another one that they show now (`isChanged`).
   */
  safetyNumber(person: string): Promise<Reply<SafetyNumber>>;
  /** They have compared that number, and it is the same: its key is theirs from now on, also in place of another. Else `other-number`. */
  confirmNumber(person: string, number: string): Promise<Outcome>;
  /** The writer has seen who reads now (and each changed key that is named there): what was held goes out. */
  acceptReaders(conversation: ConversationId): Promise<Outcome>;

  /** Resolves when what was said there while this device was away is here, or after some seconds. What others have to catch up with isn't waited for. */
  caughtUp(conversation: ConversationId): Promise<Outcome>;
  /** Messages with all these words, or their beginnings, the newest first; in all conversations where `conversation` is null. */
  search(words: string, conversation: ConversationId | null, limit: number): Promise<Reply<readonly ChatMessage[]>>;
  /** Messages of a conversation behind a number of its log, oldest first. */
  since(conversation: ConversationId, number: number, limit: number): Promise<Reply<readonly ChatMessage[]>>;
}

export interface SendOptions {
  /** Id of the message that this one answers. */
  readonly replyTo?: string;
  /** Who is new among the readers is accepted with it, unseen. */
  readonly acceptMembers?: boolean;
  /** Names of readers that the writer was shown before they began to write: new ones among them hold nothing back. */
  readonly shown?: readonly string[];
}

export interface Room {
  /** With its `#`. */
  readonly title: string;
  readonly access: "open" | "invite";
  /**
   * Whether this device is in it. `closed`: it has ended, and waits for a successor; `returning`: this device has taken the place of one that
   * was copied or restored, and waits for a member's device to bring it back.
   */
  readonly status: "member" | "not-a-member" | "removed" | "closed" | "returning";
  /** Null for one that this device was never in. One that it is out of can be read as far as it has it. */
  readonly conversation: Conversation | null;
  /** People in it, as far as is known. */
  readonly people: number | null;
}

/** Who somebody is, and how far that is known. */
export interface Whose {
  readonly name: string;
  /** Login of a person, host of a machine, address; what the identity is. From the own tailnet where that knows them, else as the server says. */
  readonly identity: string;
  readonly kind: "person" | "machine" | "address" | "name";
  /** How this device knows whose key it is. */
  readonly level: "unverified" | "compared";
  /**
   * Whether this machine's own Tailscale, which the server has no hand in, shows them in its tailnet. `absent`: it shows others and not them;
   * they may be shared in from another tailnet, or hidden by its policy. `unknown`: there is none to ask, or none of theirs.
   */
  readonly tailnet: "known" | "absent" | "unknown";
}

export interface SafetyNumber extends Whose {
  /** 60 digits; people read them in groups of five. */
  readonly number: string;
  readonly isChanged: boolean;
}

export interface Member extends Whose {
  readonly devices: readonly string[];
  readonly isSelf: boolean;
}
