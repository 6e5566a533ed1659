import type { ChatMessage, Conversation, ConversationId, Reply } from "../../client/index.ts";
import type { Page } from "../../client/message.ts";

export interface GapPorts {
  /** The newest messages of a conversation, oldest first. */
  readonly page: (conversation: ConversationId, limit: number) => Promise<Reply<Page>>;
  readonly tell: (conversation: Conversation, message: ChatMessage) => void;
}

/** Messages of one conversation that may have come while there was no agent to tell them: seconds. */
const MOST_MISSED = 100;
/** Milliseconds that a face must stay before it is worth knowing where each conversation stands. */
const STAYS = 500;

/** Sees to it that a face hears what came between two agents, and nothing twice. */
export class Gap {
  readonly #ports: GapPorts;
  /** The highest place of each conversation that this face knows of. */
  readonly #newest = new Map<ConversationId, number>();
  /** Own messages that were told and aren't settled. */
  readonly #unsettled = new Set<string>();
  /** Those that were told since the last look, which need not be told by it. */
  #toldSince: Set<string> | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: GapPorts) {
    this.#ports = ports;
  }

  told({ id, conversation, place, delivery }: ChatMessage): void {
    this.#toldSince?.add(id);
    if (delivery.kind === "sending") this.#unsettled.add(id);
    else this.#unsettled.delete(id);
    if (Number.isFinite(place)) this.#raise(conversation, place);
  }

  /** With the first agent: where each conversation stands, soon. */
  begin(conversations: readonly Conversation[]): void {
    this.#timer = setTimeout(() => {
      for (const { id } of conversations) if (!this.#newest.has(id)) void this.#learn(id);
    }, STAYS).unref();
  }

  /** With the next agent: tells what is new. */
  async catchUp(conversations: readonly Conversation[]): Promise<void> {
    clearTimeout(this.#timer);
    const newest = new Map(this.#newest);
    const told = new Set<string>();
    this.#toldSince = told;
    for (const conversation of conversations) {
      const from = newest.get(conversation.id) ?? -Infinity;
      const reply = await this.#ports.page(conversation.id, MOST_MISSED);
      if (reply.kind !== "answered") continue;
      for (const message of reply.value.messages) {
        const isNew = Number.isFinite(message.place) ? message.place > from : message.own;
        if ((isNew || this.#unsettled.has(message.id)) && !told.has(message.id))
          this.#ports.tell(conversation, message);
      }
    }
    if (this.#toldSince === told) this.#toldSince = null;
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  async #learn(id: ConversationId): Promise<void> {
    const reply = await this.#ports.page(id, 1);
    if (reply.kind !== "answered") return;
    for (const { place } of reply.value.messages) if (Number.isFinite(place)) this.#raise(id, place);
    if (!this.#newest.has(id)) this.#newest.set(id, -Infinity);
  }

  #raise(id: ConversationId, place: number): void {
    this.#newest.set(id, Math.max(place, this.#newest.get(id) ?? -Infinity));
  }
}
