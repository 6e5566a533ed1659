import { randomBytes } from "node:crypto";
import type { Failure, Hold, Outcome, Quote } from "../../client/index.ts";
import { encodeContent, LONGEST_TEXT } from "../content/content.ts";
import type { Content } from "../content/content.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { EVERYONE } from "../delivery/places.ts";
import type { Standing } from "../group-sessions/context.ts";
import type { Hold as GroupHold } from "../group-sessions/events.ts";
import type { HistoryRow } from "../storage/kept.ts";
import { failureOf, failureOfStore, OFFLINE, refusedFor, TAKEN } from "./failures.ts";
import { holdOf } from "./holds.ts";
import { messageOfId } from "./message-ids.ts";
import type { ChatState } from "./state.ts";
import type { NotTaken } from "../runtime/conversations.ts";
import { isGoingOn } from "./talk.ts";
import type { Talk, Waiting } from "./talk.ts";

export interface Intent {
  /** Its id, where whoever writes has made one: asked again under it, nothing is written twice. */
  readonly id?: string | undefined;
  readonly acceptMembers?: boolean | undefined;
  /** By name, whom the writer was shown as readers. */
  readonly shown?: readonly string[] | undefined;
}

/**
 * `text`: what is shown while it waits; null for an edit or deletion. `entry`: resolves when this device is in the conversation, or won't be now;
 * what is written meanwhile is shown as waiting, and kept behind it.
 */
interface Written extends Intent {
  readonly entry?: Promise<void> | null;
  readonly text?: string;
  readonly quote?: Quote | null;
}

interface Pending {
  readonly talk: Talk;
  readonly acceptMembers: boolean;
  readonly resolve: (outcome: Outcome) => void;
}

/** Of what was given up while it waited for this device to come in. */
const GONE = refusedFor({ reason: "not-in-conversation" });

/** As many wait in a conversation as its store takes. */
const MOST_WAITING = 1000;

/** What is written and hasn't reached the log: kept by the store, told as `sending`, and what becomes of it. */
export class Sending {
  readonly #state: ChatState;
  readonly #now: () => number;
  readonly #failed: (error: unknown) => void;
  /** By message id, for whoever waits for its outcome. */
  readonly #pending = new Map<string, Pending>();
  /** By the id that whoever writes has made. */
  readonly #running = new Map<string, Promise<Outcome>>();

  constructor(state: ChatState, now: () => number, failed: (error: unknown) => void) {
    this.#state = state;
    this.#now = now;
    this.#failed = failed;
  }

  async send(talk: Talk, text: string, { replyTo, ...intent }: Written & { readonly replyTo?: string | undefined }) {
    const of = replyTo === undefined ? null : messageOfId(replyTo, this.#state.own.device);
    if (replyTo !== undefined && of === null) return refusedFor({ reason: "no-such-message" });
    // Only a reply waits: what is written otherwise is told before this returns.
    const quote = of === null ? null : await this.#state.messages.quoteOf(talk, of);
    return await this.#write(talk, { kind: "text", text, replyTo: of }, { ...intent, text, quote });
  }

  async edit(talk: Talk, message: string, text: string, intent: Intent): Promise<Outcome> {
    const of = await this.#ownMessage(talk, message);
    return of === null
      ? refusedFor({ reason: "no-such-message" })
      : await this.#write(talk, { kind: "edit", of, text }, intent);
  }

  /** One that waits is taken out; of one that is on its way or stored the others are told. */
  async remove(talk: Talk, message: string, intent: Intent): Promise<Outcome> {
    const waiting = this.#waitingOf(talk, message);
    if (waiting !== undefined && (await this.#withdraw(talk, waiting))) {
      const { sealed, ...told } = this.#state.messages.ofWaiting(talk, waiting, { kind: "failed", failure: OFFLINE });
      if (sealed !== undefined) {
        this.#state.message(talk, { ...told, text: "took a message back", sealed: { ...sealed, body: "deleted" } });
      }
      this.#settle(waiting.id, OFFLINE);
      return TAKEN;
    }
    const of = await this.#ownMessage(talk, message);
    return of === null
      ? refusedFor({ reason: "no-such-message" })
      : await this.#write(talk, { kind: "deletion", of }, intent);
  }

  /** The log has it. */
  stored(talk: Talk, row: HistoryRow): void {
    if (row.entry.kind !== "message" || toText(row.entry.device) !== this.#state.own.device) return;
    const id = toText(row.entry.messageId);
    talk.waiting = talk.waiting.filter((waiting) => waiting.id !== id);
    this.#settle(id, TAKEN);
  }

  refused(talk: Talk, messageId: Uint8Array, why: string): void {
    this.#fail(talk, toText(messageId), failureOf({ why }));
  }

  /** This device is out of it: what waits there will never leave. */
  over(talk: Talk): void {
    for (const waiting of talk.waiting) {
      this.#state.runtime.withdraw(talk.key, waiting.messageId).catch(this.#failed);
      this.#fail(talk, waiting.id, refusedFor({ reason: "not-in-conversation" }));
    }
  }

  standing(talk: Talk, standing: Standing): void {
    switch (standing.kind) {
      case "held":
        // Nobody waits here for a session that may be waiting for its turn.
        if (this.#isAccepted(talk, standing.holds)) {
          this.#state.runtime.accept(talk.key, standing.holds).catch(this.#failed);
        } else this.#hold(talk, standing.holds);
        return;
      case "idle":
      case "awaiting":
        this.#hold(talk, []);
        return;
      case "offline":
      case "busy":
      case "removed":
      case "stopped":
        return;
      case "refused":
        // It is there all the same where another was faster.
        if (talk.key === EVERYONE && standing.why !== "place-taken") talk.notMade = standing.why;
        return;
    }
  }

  /** The other one of a pair can't be brought into it: told there, also where nothing waits yet. As faces are told it. */
  holdAbsent(talk: Talk, hold: GroupHold): Hold {
    this.#hold(talk, [hold]);
    return holdOf([hold], this.#state) ?? { kind: "changed-key", who: [] };
  }

  /** The writer has looked at what was told; a key or person that came since then is told and held anew. */
  async accept(talk: Talk): Promise<Outcome> {
    const { holds, readers } = talk;
    const accepted = holds.length > 0 ? holds : [{ kind: "new-readers", who: readers } as const];
    const changed = accepted.flatMap((hold) => (hold.kind === "changed-key" ? hold.who : []));
    this.#hold(talk, []);
    const notTaken = await this.#state.runtime.accept(talk.key, accepted);
    if (notTaken === null) return OFFLINE;
    const taken = changed.filter((who) => !notTaken.some((each) => each.who === who));
    if (taken.length > 0) {
      const names = this.#state.names.all(taken).join(", ");
      const text = `A new key is taken for ${names}. Until you have compared it, anybody could be behind it.`;
      this.#state.tell({ kind: "word", text });
    }
    if (notTaken.length === 0) return TAKEN;
    const text = notTaken.map(({ who, why }) => whyNotTaken(this.#state.names.nameOf(who), why)).join(" ");
    return refusedFor({ reason: "own-device", text });
  }

  /** Asked twice at once under one id, it is done once. */
  async #write(talk: Talk, content: Content, written: Written): Promise<Outcome> {
    const { id } = written;
    if (id === undefined) return await this.#writeNew(talk, content, written);
    const running = this.#running.get(id);
    if (running !== undefined) return await running;
    const outcome = this.#writeOnce(talk, content, { ...written, id });
    this.#running.set(id, outcome);
    try {
      return await outcome;
    } finally {
      this.#running.delete(id);
    }
  }

  async #writeOnce(talk: Talk, content: Content, written: Written & { readonly id: string }): Promise<Outcome> {
    return (await this.#first(talk, written.id)) ?? (await this.#writeNew(talk, content, written));
  }

  async #writeNew(talk: Talk, content: Content, written: Written): Promise<Outcome> {
    const { entry = null } = written;
    const obstacle = faultOf(content) ?? (entry === null ? this.#obstacle(talk) : null) ?? tooMany(talk);
    if (obstacle !== null) return obstacle;
    const { id: given, acceptMembers = false, shown: names = [], text = null, quote = null } = written;
    const messageId = given === undefined ? Uint8Array.from(randomBytes(16)) : toBytes(given);
    const waiting: Waiting = { id: toText(messageId), messageId, text, quote, at: this.#now() };
    talk.waiting.push(waiting);
    if (text !== null) this.#state.message(talk, this.#state.messages.ofWaiting(talk, waiting));
    if (entry !== null) {
      await entry;
      const late = talk.waiting.includes(waiting) ? this.#obstacle(talk) : GONE;
      if (late !== null) {
        this.#fail(talk, waiting.id, late);
        return late;
      }
    }
    const outcome = this.#await(talk, waiting.id, acceptMembers);
    try {
      const seen = new Set(names);
      const shown = acceptMembers
        ? talk.readers
        : talk.readers.filter((who) => seen.has(this.#state.names.nameOf(who)));
      const kept = await this.#state.runtime.write(talk.key, encodeContent(content), shown, messageId);
      if (kept === null) this.#fail(talk, waiting.id, OFFLINE);
    } catch (error) {
      this.#fail(talk, waiting.id, failureOfStore(error));
    }
    return await outcome;
  }

  /** Why nothing can be written there now. */
  #obstacle(talk: Talk): Failure | null {
    return obstacleTo(talk) ?? this.#outside(talk);
  }

  /** Never in it: without a server that may change, else it is for others. */
  #outside({ status }: Talk): Failure | null {
    if (status !== "none") return null;
    return this.#state.runtime.client.state.kind === "online" ? refusedFor({ reason: "not-in-conversation" }) : OFFLINE;
  }

  /** What became of it when it was written under this id before; null: it wasn't. */
  async #first(talk: Talk, id: string): Promise<Outcome | null> {
    const messageId = messageOfId(id, this.#state.own.device)?.messageId;
    if (messageId === undefined || id.length !== 22) return refusedFor({ reason: "no-such-message" });
    const isStored = (await this.#state.store.message(talk.key, this.#state.own.id, messageId)) !== null;
    if (isStored) return TAKEN;
    if (!talk.waiting.some((waiting) => waiting.id === id)) return null;
    const outcome = this.#await(talk, id, false);
    await this.#state.runtime.goOn(talk.key);
    return await outcome;
  }

  #await(talk: Talk, id: string, acceptMembers: boolean): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#pending.set(id, { talk, acceptMembers, resolve });
    return promise;
  }

  #settle(id: string, outcome: Outcome): void {
    this.#pending.get(id)?.resolve(outcome);
    this.#pending.delete(id);
  }

  #fail(talk: Talk, id: string, failure: Failure): void {
    const waiting = talk.waiting.find((each) => each.id === id);
    if (waiting !== undefined) {
      talk.waiting = talk.waiting.filter((each) => each !== waiting);
      if (waiting.text !== null) {
        this.#state.message(talk, this.#state.messages.ofWaiting(talk, waiting, { kind: "failed", failure }));
      }
    }
    this.#settle(id, failure);
  }

  async #withdraw(talk: Talk, waiting: Waiting): Promise<boolean> {
    const isOut = await this.#state.runtime.withdraw(talk.key, waiting.messageId);
    if (!isOut) return false;
    talk.waiting = talk.waiting.filter((each) => each !== waiting);
    // If nothing is left that waits, nothing is held.
    await this.#state.runtime.goOn(talk.key);
    return true;
  }

  #waitingOf(talk: Talk, message: string): Waiting | undefined {
    const ref = messageOfId(message, this.#state.own.device);
    if (ref === null || toText(ref.device) !== this.#state.own.device) return undefined;
    return talk.waiting.find(({ id }) => id === toText(ref.messageId));
  }

  /** A message of one's own person, stored or waiting, that isn't deleted. */
  async #ownMessage(talk: Talk, message: string) {
    const { own, store } = this.#state;
    const ref = messageOfId(message, own.device);
    if (ref === null) return null;
    if ((this.#waitingOf(talk, message)?.text ?? null) !== null) return ref;
    const row = await store.message(talk.key, ref.device, ref.messageId);
    const isOwn = row?.entry.kind === "message" && row.entry.who === own.who;
    return isOwn && row.amended !== "deleted" && row.amended !== "applied" ? ref : null;
  }

  #isAccepted(talk: Talk, holds: readonly GroupHold[]): boolean {
    const isNewOnly = holds.every(({ kind }) => kind === "new-readers");
    return isNewOnly && [...this.#pending.values()].some((each) => each.talk === talk && each.acceptMembers);
  }

  #hold(talk: Talk, holds: readonly GroupHold[]): void {
    const formerly = talk.holds;
    const [before, hold] = [formerly, holds].map((each) => holdOf(each, this.#state));
    talk.holds = holds;
    const stopped = [...this.#pending].filter(([, pending]) => pending.talk === talk).map(([id]) => id);
    // Over another key than before it is another question, in the same words.
    const isNew = JSON.stringify(before) !== JSON.stringify(hold) || keysIn(formerly) !== keysIn(holds);
    // With each message that it stops it is told anew, for faces that came meanwhile.
    if (isNew || (hold && stopped.length > 0)) {
      this.#state.tell({ kind: "held", conversation: this.#state.conversation(talk), hold: hold ?? null });
    }
    if (!hold) return;
    for (const id of stopped) this.#settle(id, { kind: "held", hold });
  }
}

/** What a yes would be about. */
function keysIn(holds: readonly GroupHold[]): string {
  const shown = holds.flatMap((hold) => (hold.kind === "changed-key" ? hold.shown : []));
  return shown.map(({ userKey, known }) => `${toText(userKey)} ${known === null ? "" : toText(known)}`).join();
}

function whyNotTaken(name: string, why: NotTaken["why"]): string {
  switch (why) {
    case "several":
      return `Two new keys are shown for ${name} at once, so neither is taken. Compare numbers with ${name}: pad verify ${name}.`;
    case "moved":
      return `Another key is known for ${name} by now than when you were shown this one, so it isn't taken. If it is still asked of you, say yes again.`;
    case "refused":
      return `That is a former key of ${name}'s, which a yes doesn't take again. If it is theirs, since you have said yes to a wrong one, compare numbers with them: pad verify ${name}. Else what you write waits until the device with it has gone.`;
    case "not-given":
      return `No other device of yours has given that key to this one, so it isn't taken. If it is one that you don't know, remove it: pad devices. If it is yours, start it so that it can, or begin anew on this one: pad devices new.`;
  }
}

function faultOf(content: Content): Failure | null {
  if (content.kind === "deletion") return null;
  const bytes = Buffer.byteLength(content.text);
  if (bytes > LONGEST_TEXT) return { kind: "not-sent", why: "too-long" };
  return bytes === 0 ? refusedFor({ reason: "not-understood", text: "an empty message" }) : null;
}

function obstacleTo(talk: Talk): Failure | null {
  if (talk.notMade !== null && !isGoingOn(talk)) return failureOf({ why: talk.notMade });
  if (talk.status === "none") return null;
  if (talk.status === "removed") return refusedFor({ reason: "not-in-conversation" });
  if (talk.stopped === "rolled-back") return refusedFor({ reason: "device-returning" });
  return isGoingOn(talk) ? null : refusedFor({ reason: "conversation-ended" });
}

function tooMany(talk: Talk): Failure | null {
  return talk.waiting.length >= MOST_WAITING ? { kind: "not-sent", why: "busy" } : null;
}
