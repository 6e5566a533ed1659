import type {
  ChatMessage,
  Conversation as Talk,
  ConversationId,
  Delivery as Sent,
  Outcome,
} from "../../client/index.ts";
import { explainFailure } from "../explain.ts";
import { mentions, readSpeech } from "../text/speech.ts";
import { utf8Length } from "../text/utf8-length.ts";
import { alertFor, AlertLimits } from "./alerts.ts";
import type { ChatPorts } from "./ports.ts";
import type { Delivery, Message } from "./snapshot.ts";
import type { Placed, SnapshotStore } from "./snapshot-store.ts";

/** What an automatic answer begins with; one is never answered. */
const AWAY_MARK = "[away] ";

/** In one absence: names cost others nothing. */
const MOST_TOLD = 500;

/** Messages that go out and come in. */
export class Messaging {
  readonly #ports: ChatPorts;
  readonly #store: SnapshotStore;
  readonly #limits: AlertLimits;
  /** The conversations whose people have been told in this absence that we are away. */
  #told = new Set<ConversationId>();
  /** Whether what is being sent is an automatic answer, and no person's. */
  #byItself = false;

  constructor(ports: ChatPorts, store: SnapshotStore) {
    this.#ports = ports;
    this.#store = store;
    this.#limits = new AlertLimits(ports.now);
  }

  /** Says a text. Returns false, and sends nothing, while offline or when it is too long for one message. */
  send({ id, title }: Pick<Talk, "id" | "title">, text: string): boolean {
    const { client } = this.#ports;
    if (this.#store.getSnapshot().link.kind !== "online") return false;
    const excess = utf8Length(text) - client.longestText(id);
    if (excess > 0) {
      this.#store.note(`That is ${excess} bytes too long for one message; it was not sent.`, "trouble");
      return false;
    }
    void this.#settle(id, title, client.send(id, text));
    return true;
  }

  /** A message that the client tells: an own one or somebody's, new or changed. */
  receive(talk: Talk, told: ChatMessage): void {
    const { me, settings } = this.#store.getSnapshot();
    if (!told.own && settings.ignored.includes(told.from.toLowerCase())) return;
    const placed = placedOf(told, me, this.#ports.server);
    if (this.#store.has(talk.id, told.id)) return this.#store.replace(talk.id, placed);
    this.#store.learn(talk);
    if (told.own) this.#own(talk, placed);
    else this.#others(talk, placed, told.text);
  }

  /** A page of what was said before; true: there may be more. */
  page(id: ConversationId, messages: readonly ChatMessage[], complete: boolean): void {
    const { me, settings } = this.#store.getSnapshot();
    const heard = messages.filter(({ own, from }) => own || !settings.ignored.includes(from.toLowerCase()));
    const placed = heard.map((told) => placedOf(told, me, this.#ports.server));
    this.#store.addOlder(id, placed, complete || messages.length === 0 ? "none" : "unasked");
  }

  /** Begins an absence, in which each who writes is told the text once; null ends it. */
  leaveWord(away: string | null): void {
    this.#told = new Set();
    this.#store.change({ away });
  }

  /** Somebody looks at the conversation: it may ring again. */
  looked(id: ConversationId): void {
    this.#limits.looked(id);
  }

  /** Who writes by hand has read, and looks for nothing any more. */
  #own({ id }: Talk, placed: Placed): void {
    this.#store.add(id, placed);
    if (!this.#byItself) this.#store.update(id, (one) => ({ ...one, unreadFrom: null, search: null }));
  }

  #others(talk: Talk, placed: Placed, text: string): void {
    const { id, kind } = talk;
    const { me, away, settings, current } = this.#store.getSnapshot();
    const direct = kind === "classic-direct" || kind === "sealed-direct";
    const { from, mention } = placed.message;
    const isCurrent = id === current.id;
    this.#store.add(id, placed, isCurrent ? "read" : direct || mention ? "highlight" : "unread");
    const to = direct ? me : talk.title;
    const alert = this.#limits.allow(id, isCurrent, alertFor(settings, { from, to, text, direct, mention }));
    if (alert !== null) void this.#ports.alert(alert).then((trouble) => trouble !== null && this.#trouble(trouble));
    if (direct && away !== null) this.#tellAway(talk, text, away);
  }

  async #settle(id: ConversationId, title: string, sent: Promise<Outcome>): Promise<void> {
    const outcome = await sent;
    const elsewhere = id !== this.#store.getSnapshot().current.id;
    switch (outcome.kind) {
      case "taken":
      // Told by an event of its own.
      case "held":
        return;
      case "unknown":
        // Its mark stands where nobody looks now.
        if (elsewhere) this.#trouble(`To ${title}: whether it arrived is unknown.`);
        return;
      case "refused":
        if (elsewhere) this.#trouble(`To ${title}: ${explainFailure(outcome, this.#ports.server)}`);
        return;
      case "not-sent":
        // No message was told, so nothing else says it.
        this.#trouble(`To ${title}: ${explainFailure(outcome, this.#ports.server)}`);
    }
  }

  #trouble(text: string): void {
    this.#store.note(text, "trouble");
  }

  /** Each once in an absence, so two who are away don't answer each other for ever. */
  #tellAway(talk: Talk, text: string, away: string): void {
    if (text.startsWith(AWAY_MARK) || this.#told.has(talk.id) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(talk.id);
    this.#byItself = true;
    // The client tells the message before this returns.
    this.send(talk, AWAY_MARK + away);
    this.#byItself = false;
  }
}

function placedOf({ id, place, at, from, own, text, delivery }: ChatMessage, me: string, server: string): Placed {
  return {
    id,
    place,
    at,
    message: { ...messageFrom(from, text, own ? null : me), own, delivery: known(delivery, server) },
  };
}

/** What somebody's message is to us; `me` is null where it is our own. */
export function messageFrom(from: string, text: string, me: string | null): Message {
  const speech = readSpeech(text);
  const mention = me !== null && mentions(speech.text, me);
  return { kind: "message", from, ...speech, own: false, mention, delivery: { kind: "delivered" } };
}

function known(delivery: Sent, server: string): Delivery {
  return delivery.kind === "failed"
    ? { kind: "refused", why: explainFailure(delivery.failure, server) }
    : { kind: delivery.kind };
}
