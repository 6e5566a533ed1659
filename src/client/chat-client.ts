import type { Conversation, ConversationId } from "./conversation.ts";
import type { Device, Standing } from "./devices.ts";
import type { Hold } from "./hold.ts";
import type { ClientState, EndedState, OnlineState } from "./state.ts";
import type { ChatMessage, Page } from "./message.ts";
import type { Ban, EndCause, HelpEntry, Outcome, PublicInfo, Reply, ServerInfo } from "./outcomes.ts";
import type { Person } from "./people.ts";

/** What a chat client tells its listeners. Texts and names come from others as they are. */
export type ChatEvent =
  | { readonly kind: "state"; readonly state: ClientState }
  /** Somebody's message or one of our own: a new one, or one that was told before and has changed. */
  | { readonly kind: "message"; readonly conversation: Conversation; readonly message: ChatMessage }
  /** A message that can't be opened. */
  | { readonly kind: "unreadable"; readonly conversation: Conversation; readonly from: string }
  /** There is a new conversation, or what is known of one has changed. */
  | { readonly kind: "conversation"; readonly conversation: Conversation }
  /** Who there is, all of them, whenever the client learns it: ourselves too, sorted without regard to case. */
  | { readonly kind: "people"; readonly people: readonly Person[] }
  /** The operator's right came or went while online. */
  | { readonly kind: "operator"; readonly operator: boolean }
  /** What is written there waits, because somebody has to look first (`acceptReaders`); null: it goes on. */
  | { readonly kind: "held"; readonly conversation: Conversation; readonly hold: Hold | null }
  /** What this device is among its person's has changed. */
  | { readonly kind: "standing"; readonly standing: Standing }
  /** A new device asks to be one of ours: somebody has to look whether it shows that code. */
  | { readonly kind: "device-waits"; readonly device: Device }
  /** It was confirmed or dismissed, here or on another device, or its time or its place among those that wait is over. */
  | { readonly kind: "device-waits-no-more"; readonly id: string }
  | { readonly kind: "kicked" }
  | { readonly kind: "banned" }
  /** Something that the server says unasked, in its own words. */
  | { readonly kind: "notice"; readonly text: string }
  /** What one's own device has to say, in our words. */
  | { readonly kind: "word"; readonly text: string };

/**
 * What a chat client is, over whatever protocol. No method rejects: what can be expected to fail comes as a value. Nothing is
 * ever sent twice by itself.
 */
export interface ChatClient {
  /** Our own name. */
  readonly me: string;
  readonly state: ClientState;
  /** Those that are there without anybody having written in them. */
  readonly conversations: readonly Conversation[];
  /** The conversation that a person means by these words; null: they can't mean one. */
  named(words: string): Conversation | null;

  /** Calls `listener` for every event from now on, until the function returned is called. */
  onEvent(listener: (event: ChatEvent) => void): () => void;
  /** Resolves as soon as the client is online, or has ended for good. */
  online(): Promise<OnlineState | EndedState>;
  /** Resolves when the client has ended for good. */
  ended(): Promise<EndCause>;
  /** Leaves. */
  close(): Promise<void>;

  /**
   * Says something. Before this returns, the message is told as an event, as `sending`; it is told again, under the same id,
   * when it is known what became of it. Where the outcome is `not-sent` no event is told: the text stays with its writer.
   */
  send(conversation: ConversationId, text: string): Promise<Outcome>;
  /** Bytes of UTF-8 that one message can hold. */
  longestText(conversation: ConversationId): number;
  /** At most `limit` messages before a place (null: the newest). Protocols without a memory have none. */
  page(conversation: ConversationId, before: number | null, limit: number): Promise<Reply<Page>>;

  /** Asks who there is; the answer is told as an event, too. */
  people(): Promise<Reply<readonly Person[]>>;
  info(): Promise<Reply<PublicInfo>>;
  /** The server's own commands, where it has some. */
  help(): Promise<Reply<readonly HelpEntry[]>>;

  /** The operator's: */
  /** `reason` is told to the person it concerns. */
  kick(name: string, reason?: string): Promise<Outcome>;
  ban(name: string, reason?: string): Promise<Outcome>;
  unban(name: string): Promise<Outcome>;
  bans(): Promise<Reply<readonly Ban[]>>;
  serverInfo(): Promise<Reply<ServerInfo>>;
}
