import type {
  ChatMessage,
  Conversation as Talk,
  ConversationId,
  Delivery as Sent,
  Failure,
  Hold,
  Outcome,
} from "../../client/index.ts";
import { explainFailure } from "../explain.ts";
import { markedName } from "../sender.ts";
import { explainStanding } from "../standing.ts";
import { mentions, readSpeech } from "../text/speech.ts";
import { utf8Length } from "../text/utf8-length.ts";
import { alertFor, AlertLimits } from "./alerts.ts";
import { Invitations } from "./invitations.ts";
import type { ChatPorts } from "./ports.ts";
import type { Conversation, Delivery, Message } from "./snapshot.ts";
import type { Placed, SnapshotStore } from "./snapshot-store.ts";

/** What an automatic answer begins with; one is never answered. */
const AWAY_MARK = "[away] ";

/** Sealed messages that are known to be from this window. */
const MOST_FROM_HERE = 10_000;

/** Readers, oneself among them, that the line before the input names. */
const MOST_NAMED = 4;
/** Readers who came into one conversation while it was in sight. */
const MOST_CAME = 1_000;

/** In one absence: names cost others nothing. */
const MOST_TOLD = 500;

/** Messages that go out and come in. */
export class Messaging {
  readonly #ports: ChatPorts;
  readonly #store: SnapshotStore;
  readonly #limits: AlertLimits;
  readonly #invitations: Invitations;
  /** The conversations whose people have been told in this absence that we are away. */
  #told = new Set<ConversationId>();
  /** Whether what is being sent is an automatic answer, and no person's. */
  #byItself = false;
  /** Texts that were written here, and have not been told as messages yet. */
  readonly #untold = new Map<ConversationId, string[]>();
  /** Where somebody is writing, and who was shown there as a reader when they began. */
  #begun: { readonly id: ConversationId; readonly readers: readonly string[] } | null = null;
  readonly #came = new Map<ConversationId, ReadonlySet<string>>();
  /** Ids of messages that were written here: what another window writes comes as an own message, too. */
  readonly #fromHere = new Set<string>();
  /** The readers of the message of each conversation that was told last: most messages have the same, and one array serves them all. */
  readonly #readers = new Map<ConversationId, readonly string[]>();

  readonly #held: (id: ConversationId, hold: Hold) => void;

  /** @param held called with why what has just been sent waits for somebody to look */
  constructor(ports: ChatPorts, store: SnapshotStore, held: (id: ConversationId, hold: Hold) => void) {
    this.#held = held;
    this.#ports = ports;
    this.#store = store;
    this.#limits = new AlertLimits(ports.now);
    this.#invitations = new Invitations(store);
  }

  /**
   * Says a text. Returns false, and sends nothing, when it is too long for one message, while this device is none of its person's, and
   * while offline, unless it is sealed: that waits by itself.
   */
  send({ id, title, kind }: Pick<Talk, "id" | "title" | "kind">, text: string, replyTo?: string): boolean {
    const { client, sealed } = this.#ports;
    const isSealed = sealed !== undefined && (kind === "sealed-room" || kind === "sealed-direct");
    const { link } = this.#store.getSnapshot();
    const isTaken =
      link.kind === "online" || (isSealed && (link.kind === "connecting" || (link.kind === "lost" && link.takes)));
    if (!isTaken) return false;
    const inTheWay = isSealed ? explainStanding(sealed.standing) : null;
    if (inTheWay !== null) {
      this.#store.note(`Not sent. ${inTheWay}`, "trouble");
      return false;
    }
    const excess = utf8Length(text) - client.longestText(id);
    if (excess > 0) {
      this.#store.note(`That is ${excess} bytes too long for one message; it was not sent.`, "trouble");
      return false;
    }
    if (sealed !== undefined) this.#untold.set(id, [...(this.#untold.get(id) ?? []), text]);
    const shown = this.#begun?.id === id ? this.#begun.readers : [];
    this.#begun = null;
    const options = { ...(replyTo === undefined ? {} : { replyTo }), ...(shown.length === 0 ? {} : { shown }) };
    const sent = isSealed ? sealed.send(id, text, options) : client.send(id, text);
    void this.#settle(id, title, sent, text);
    return true;
  }

  /** Who comes from now on has not been seen by whoever writes. */
  began({ id, readerNames }: Pick<Conversation, "id" | "readerNames">): void {
    const names = readerNames ?? [];
    this.#begun = { id, readers: names.length <= MOST_NAMED ? names : [...(this.#came.get(id) ?? [])] };
  }

  /** They came into the conversation that is in sight, which has a line for it. */
  came(id: ConversationId, names: readonly string[]): void {
    const seen = this.#came.get(id) ?? new Set();
    this.#came.set(id, new Set([...seen, ...names].slice(-MOST_CAME)));
  }

  /** A message that the client tells: one of our own or somebody's, new or changed. */
  receive(talk: Talk, told: ChatMessage): void {
    const { me, settings } = this.#store.getSnapshot();
    if (!told.own && settings.ignored.includes(told.from.toLowerCase())) return;
    const isNew =
      told.own && (told.sealed === undefined ? told.delivery.kind === "sending" : told.sealed.number === null);
    if (isNew && this.#takeUntold(talk.id, told.text) && told.sealed !== undefined) this.#wroteHere(told.id);
    const placed = this.#placed(told, me);
    if (isWithdrawn(told)) return this.#store.withdraw(talk.id, placed);
    if (this.#store.has(talk.id, told.id)) return this.#store.replace(talk.id, placed);
    this.#store.learn(talk);
    // What the open room's server tells once more to who comes again.
    const isOld = told.place < 0 && !this.isUnseen(told) && this.#ports.seen !== undefined;
    if (told.sealed?.body === "brought-in") this.#invitations.came(talk, told.from);
    if (told.sealed?.body === "members" || told.sealed?.body === "brought-in" || told.sealed?.body === "gap" || isOld)
      this.#store.add(talk.id, placed);
    else if (told.own) this.#own(talk, placed);
    else this.#others(talk, placed, told.text);
    if (this.#isInSight(talk.id)) this.#mark(told);
  }

  /** A page of what was said before. What came since somebody saw the conversation, in an earlier run, is unread. */
  page(
    { id, title, kind }: Pick<Talk, "id" | "title" | "kind">,
    messages: readonly ChatMessage[],
    complete: boolean,
  ): void {
    const { me, settings } = this.#store.getSnapshot();
    const heard = messages.filter(({ own, from }) => own || !settings.ignored.includes(from.toLowerCase()));
    const placed = heard.map((told) => this.#placed(told, me));
    const missed = placed.filter((one, nth) => isSaid(one) && this.isUnseen(heard[nth]));
    this.#store.addOlder(id, placed, complete || messages.length === 0 ? "none" : "unasked");
    const highlights = isDirect(kind) ? missed.length : missed.filter(({ message }) => message.mention).length;
    this.#store.missed(id, { missed: missed.map((one) => one.id), highlights, isRead: this.#isInSight(id) });
    for (const told of heard) {
      if (told.sealed?.body === "brought-in" && this.isUnseen(told)) this.#invitations.came({ id, title }, told.from);
    }
    for (const told of this.#isInSight(id) ? messages : []) this.#mark(told);
  }

  /** Whether nobody has seen it yet. */
  isUnseen(told: ChatMessage | undefined): boolean {
    const { seen } = this.#ports;
    return seen !== undefined && told !== undefined && !told.own && told.at > seen.of(told.conversation);
  }

  #isInSight(id: ConversationId): boolean {
    return this.#ports.seen?.all === true || id === this.#store.getSnapshot().current.id;
  }

  /** Own words are seen by being written, and a clock of one's own doesn't count. */
  #mark({ conversation, at, own }: ChatMessage): void {
    if (!own) this.#ports.seen?.mark(conversation, at);
  }

  /** Begins an absence, in which each who writes is told the text once; null ends it. */
  leaveWord(away: string | null): void {
    this.#told = new Set();
    this.#store.change({ away });
  }

  /** Somebody looks at the conversation: it may ring again, and all in it is seen. */
  looked(id: ConversationId): void {
    this.#limits.looked(id);
    const entries = this.#store.getSnapshot().conversations.find((one) => one.id === id)?.entries ?? [];
    const last = entries.findLast((entry) => entry.kind === "message" && !entry.own);
    if (last !== undefined) this.#ports.seen?.mark(id, last.at);
  }

  /** The agent doesn't answer: what was given to it and has not come back is shown, so that no text is out of sight. */
  tellUntaken(): void {
    const { conversations } = this.#store.getSnapshot();
    for (const [id, texts] of this.#untold) {
      const title = conversations.find((one) => one.id === id)?.title ?? "";
      for (const text of texts) this.#store.note(`To ${title}, not taken yet: ${text}`, "trouble", id);
    }
  }

  #placed(told: ChatMessage, me: string): Placed {
    return placedOf(this.#withSharedReaders(told), me, this.#ports.server, this.#fromHere.has(told.id));
  }

  #withSharedReaders(told: ChatMessage): ChatMessage {
    const { conversation, sealed } = told;
    if (sealed === undefined) return told;
    const last = this.#readers.get(conversation);
    const { readers } = sealed;
    if (last?.length === readers.length && last.every((name, nth) => name === readers[nth])) {
      return { ...told, sealed: { ...sealed, readers: last } };
    }
    this.#readers.set(conversation, readers);
    return told;
  }

  /** Whether such a text was written here and is still to be told, as it is from now on. */
  #takeUntold(id: ConversationId, text: string): boolean {
    const texts = this.#untold.get(id) ?? [];
    const at = texts.indexOf(text);
    if (at >= 0) texts.splice(at, 1);
    if (texts.length === 0) this.#untold.delete(id);
    return at >= 0;
  }

  #wroteHere(message: string): void {
    if (this.#fromHere.size >= MOST_FROM_HERE) this.#fromHere.clear();
    this.#fromHere.add(message);
  }

  /** Whoever writes by hand has read, and is no longer searching. */
  #own({ id }: Talk, placed: Placed): void {
    this.#store.add(id, placed);
    if (!this.#byItself) this.#store.update(id, (one) => ({ ...one, unreadFrom: null, search: null }));
  }

  #others(talk: Talk, placed: Placed, text: string): void {
    const { id, kind } = talk;
    const { me, away, settings, current } = this.#store.getSnapshot();
    const direct = isDirect(kind);
    const { mention } = placed.message;
    const from = markedName(placed.message);
    const isCurrent = id === current.id;
    this.#store.add(id, placed, isCurrent ? "read" : direct || mention ? "highlight" : "unread");
    const to = direct ? me : talk.title;
    const wanted = isSaid(placed) ? alertFor(settings, { from, to, text, direct, mention }) : null;
    const alert = this.#limits.allow(id, isCurrent, wanted);
    if (alert !== null) void this.#ports.alert(alert).then((trouble) => trouble !== null && this.#trouble(trouble));
    if (direct && isSaid(placed) && away !== null) this.#tellAway(talk, text, away);
  }

  async #settle(id: ConversationId, title: string, sent: Promise<Outcome>, text: string): Promise<void> {
    const outcome = await sent;
    const wasTold = !this.#takeUntold(id, text);
    const elsewhere = id !== this.#store.getSnapshot().current.id;
    switch (outcome.kind) {
      case "taken":
        return;
      case "held":
        // Most often told before by an event; a window that came later has not heard it.
        this.#held(id, outcome.hold);
        return;
      case "unknown":
        // Its mark stands where nobody looks now, or nowhere.
        if (!wasTold) this.#trouble(`To ${title}: ${text}: whether it arrived is unknown.`);
        else if (elsewhere) this.#trouble(`To ${title}: whether it arrived is unknown.`);
        return;
      case "refused":
        // One that was refused before it was told stands nowhere, and its words are in no input line any more.
        if (!wasTold) this.#trouble(this.#notSent(title, outcome, text));
        else if (elsewhere) this.#trouble(`To ${title}: ${explainFailure(outcome, this.#ports.server)}`);
        return;
      case "not-sent":
        // No message was told, so nothing else says it.
        if (!wasTold) this.#trouble(this.#notSent(title, outcome, text));
        else this.#trouble(`To ${title}: ${explainFailure(outcome, this.#ports.server)}`);
    }
  }

  #notSent(title: string, failure: Failure, text: string): string {
    return `To ${title}: ${explainFailure(failure, this.#ports.server)} This was not sent: ${text}`;
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

/** Taken back while it still waited: nobody else has ever had it. */
function isWithdrawn({ place, sealed }: ChatMessage): boolean {
  return sealed?.body === "deleted" && place === Infinity;
}

function isDirect(kind: Talk["kind"]): boolean {
  return kind === "classic-direct" || kind === "sealed-direct";
}

function isSaid({ message }: Placed): boolean {
  return (message.sealed?.body ?? "text") === "text";
}

function placedOf(told: ChatMessage, me: string, server: string, isFromHere: boolean): Placed {
  const { id, place, at, from, own, text, delivery, sealed } = told;
  const said = { ...messageFrom(from, text, own ? null : me), own, delivery: known(delivery, server) };
  return { id, place, at, message: sealed === undefined ? said : { ...said, sealed: { ...sealed, id, isFromHere } } };
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
