import { classicDirect, OPEN_ROOM, type ChatClient, type ChatEvent, type ChatMessage, type Conversation, type ConversationId, type Outcome, type Reply } from "../../src/client/index.ts"; // prettier-ignore
import type { Page } from "../../src/client/message.ts";

/** A chat client of no protocol, online, on which whoever holds it makes things happen. */
export class FakeChatClient implements ChatClient {
  readonly me = "alice";
  readonly state = { kind: "online", operator: true } as const;
  readonly conversations: readonly Conversation[] = [OPEN_ROOM];
  /** What there is in each conversation from before, oldest first. */
  readonly stored = new Map<ConversationId, readonly ChatMessage[]>();
  /** The pages that were asked for: before which place. */
  readonly asked: (number | null)[] = [];
  readonly #listeners = new Set<(event: ChatEvent) => void>();
  #next = 1000;

  tell(event: ChatEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Somebody says something, in the open room unless another conversation is named. */
  hear(from: string, text: string, conversation: Conversation = OPEN_ROOM): void {
    this.tell({ kind: "message", conversation, message: this.message(conversation, from, text) });
  }

  message({ id }: Conversation, from: string, text: string, place = this.#next++): ChatMessage {
    const own = from === this.me;
    return { id: `m${place}`, conversation: id, place, at: 0, from, own, text, delivery: { kind: "delivered" } };
  }

  named = (words: string): Conversation | null =>
    /^all$/i.test(words) ? OPEN_ROOM : /^[\w.-]+$/.test(words) ? classicDirect(words) : null;
  onEvent = (listener: (event: ChatEvent) => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  online = () => Promise.resolve(this.state);
  ended = () => new Promise<never>(() => {});
  close = () => Promise.resolve();
  send = (): Promise<Outcome> => Promise.resolve({ kind: "taken" });
  longestText = () => 1000;

  page = (id: ConversationId, before: number | null, limit: number): Promise<Reply<Page>> => {
    this.asked.push(before);
    const earlier = (this.stored.get(id) ?? []).filter(({ place }) => before === null || place < before);
    const value = { messages: earlier.slice(-limit), complete: earlier.length <= limit };
    return Promise.resolve({ kind: "answered", value });
  };

  people = () => Promise.resolve({ kind: "answered", value: [] } as const);
  info = () => Promise.resolve({ kind: "answered", value: { host: null, addresses: [], ids: null } } as const);
  help = () => Promise.resolve({ kind: "answered", value: [] } as const);
  kick = this.send;
  ban = this.send;
  unban = this.send;
  bans = () => Promise.resolve({ kind: "answered", value: [] } as const);
  serverInfo = () => Promise.resolve({ kind: "answered", value: { host: "", addresses: [] } } as const);
}
