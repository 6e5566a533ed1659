import { foldName } from "../../mls/identity/pins.ts";
import { readRecord } from "../../mls/identity/device-record.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import { whoKey } from "../../mls/identity/who.ts";
import { keyOf } from "../../client/conversation.ts";
import { OPEN_ROOM } from "../../client/index.ts";
import type { ChatEvent, ChatMessage, Conversation, ConversationId, Standing } from "../../client/index.ts";
import { digestContent, readContent } from "../content/content.ts";
import { toText } from "../delivery/base64url.ts";
import { EVERYONE } from "../delivery/places.ts";
import type { DeviceRuntime } from "../runtime/runtime.ts";
import { candidateOf } from "../runtime/candidate.ts";
import { pendingStanding } from "../runtime/pending-standing.ts";
import type { OwnDevice, QueuedMessage, Saved } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";
import { messagesOver } from "./messages.ts";
import type { Messages } from "./messages.ts";
import { Names } from "./names.ts";
import { TailnetMarks } from "./own-tailnet.ts";
import type { OwnTailnet } from "./own-tailnet.ts";
import { conversationOfTalk, isGoingOn, newTalk, titleOf } from "./talk.ts";
import type { Talk } from "./talk.ts";
import { hex } from "../storage/hex.ts";

/** This device, as far as it is known. */
export interface Own {
  readonly id: Uint8Array;
  /** The id in base64url. */
  readonly device: string;
  readonly who: string;
  readonly label: string;
  /** In hex, as `whoKey` has it. */
  readonly server: string;
}

const NOBODY: Own = { id: new Uint8Array(), device: "", who: "", label: "", server: "" };

/**
 * What a chat holds in memory: its conversations without their histories, names, and what waits to be sent. Read once from the store,
 * then kept up by what the runtime tells.
 */
export class ChatState {
  /** What this device is among its person's. */
  standing: Standing = { kind: "unknown" };
  readonly names = new Names();
  readonly messages: Messages;
  readonly marks: TailnetMarks;
  /** By their key; `#everyone` first. */
  readonly talks = new Map<string, Talk>([[EVERYONE, newTalk(EVERYONE)]]);
  readonly plainAllowed = new Set<string>();
  readonly store: AgentStore;
  readonly runtime: DeviceRuntime;
  readonly tell: (event: ChatEvent) => void;
  readonly #name: string;
  own = NOBODY;
  /** Whether the server has the open room; not known before it has said so, and then there is none. */
  hasOpenRoom = false;
  /** Up to which place of the history everything has been told. */
  lastPlace = 0;

  constructor(options: {
    readonly store: AgentStore;
    readonly runtime: DeviceRuntime;
    readonly tailnet: OwnTailnet | null;
    readonly tell: (event: ChatEvent) => void;
    /** To speak under. */
    readonly name: string;
  }) {
    this.#name = options.name;
    ({ store: this.store, runtime: this.runtime, tell: this.tell } = options);
    this.marks = new TailnetMarks(options.tailnet);
    this.messages = messagesOver({
      store: this.store,
      names: this.names,
      own: () => this.own,
    });
  }

  /** From the disk alone; no history is read. */
  async load(): Promise<void> {
    const [saved, outbox, lastPlace] = await Promise.all([
      this.store.load(),
      this.store.outbox(),
      this.store.lastPlace(),
    ]);
    this.lastPlace = lastPlace;
    this.names.begin(saved.names);
    for (const name of saved.plainAllowed) this.plainAllowed.add(name);
    if (saved.device !== null) this.own = ownOf(saved.device);
    this.standing = standingIn(saved, this.#name);
    for (const { id, conversation, status, stopped } of saved.groups) {
      const talk = this.ensure(conversation);
      // What goes on wins over what has ended.
      if (isGoingOn(talk) && status !== "active" && status !== "joining") continue;
      const facts = saved.facts.get(hex(id));
      Object.assign(talk, { group: id, status, stopped }, facts);
    }
    await this.#loadWaiting(outbox);
    await this.learnSelf();
    for (const talk of this.talks.values()) this.changed(talk);
  }

  async #loadWaiting(outbox: readonly QueuedMessage[]): Promise<void> {
    for (const { group, message } of outbox) {
      const talk = this.ofGroup(group);
      if (talk === null) continue;
      const { messageId, content: bytes, writtenAt: at } = message;
      const content = readContent(bytes);
      const quote = content.kind === "text" ? await this.messages.quoteOf(talk, content.replyTo) : null;
      // One that goes out again in another group is shown where it stands.
      const isKept = (await this.store.message(talk.key, this.own.id, messageId)) !== null;
      const isText = !isKept && digestContent(bytes).amends === null && content.kind === "text";
      const text = isText ? content.text : null;
      talk.waiting.push({ id: toText(messageId), messageId, text, quote, at });
    }
  }

  /** Which one this device is; also before it is its person's. */
  async learnDevice(): Promise<void> {
    const { device } = await this.store.load();
    if (device !== null) this.own = ownOf(device);
    await this.learnSelf();
  }

  /** Who this device is and whom it knows, when it is known. */
  async learnSelf(): Promise<void> {
    const self = await this.runtime.self();
    if (self === null) return;
    this.names.use(self.people, self.server);
    this.own = ownOf(self.device);
  }

  /** What the own tailnet knows of them is in `marks` then. */
  async look(who: readonly string[]): Promise<void> {
    await this.marks.look(this.own.who, who);
  }

  ensure(key: string): Talk {
    const known = this.talks.get(key);
    if (known !== undefined) return known;
    const talk = newTalk(key);
    this.talks.set(key, talk);
    return talk;
  }

  ofGroup(group: Uint8Array): Talk | null {
    for (const talk of this.talks.values()) {
      if (talk.group !== null && Buffer.from(talk.group).equals(group)) return talk;
    }
    return null;
  }

  /** Null for a conversation that isn't sealed, or isn't there. */
  talk(id: ConversationId): Talk | null {
    const key = keyOf(id, "sealed-room") ?? keyOf(id, "sealed-direct");
    return key === null ? null : (this.talks.get(key) ?? null);
  }

  conversation(talk: Talk): Conversation {
    return conversationOfTalk(talk, this.names, this.own.server);
  }

  /** `#everyone`, the open room where the server has one, then what this device is in. */
  conversations(): readonly Conversation[] {
    const shown = [...this.talks.values()].filter((talk) => talk.key === EVERYONE || isShown(talk));
    const [everyone, ...rest] = shown.map((talk) => this.conversation(talk));
    const open = this.hasOpenRoom ? [OPEN_ROOM] : [];
    return everyone === undefined ? open : [everyone, ...open, ...rest];
  }

  room(title: string): Talk | null {
    const folded = foldName(title);
    return [...this.talks.values()].find(({ kind, key }) => kind === "sealed-room" && titleOf(key) === folded) ?? null;
  }

  /** The server says whether it has the open room. */
  learnOpenRoom(isThere: boolean): void {
    if (isThere && !this.hasOpenRoom) this.tell({ kind: "conversation", conversation: OPEN_ROOM });
    this.hasOpenRoom = isThere;
  }

  /** Tells it if something that people see of it is another than before. */
  changed(talk: Talk): void {
    if (talk.status === "none" && talk.key !== EVERYONE) return;
    const conversation = this.conversation(talk);
    const told = JSON.stringify(conversation);
    if (talk.told === told) return;
    talk.told = told;
    this.tell({ kind: "conversation", conversation });
  }

  message(talk: Talk, message: ChatMessage): void {
    this.tell({ kind: "message", conversation: this.conversation(talk), message });
  }

  /** What its session says of a conversation that has just come. */
  async adopt(key: string): Promise<Talk> {
    const talk = this.ensure(key);
    const session = await this.runtime.session(key);
    if (session !== null) {
      const { row, people, members, policy } = await session.look();
      talk.group = session.id;
      talk.status = row.status;
      talk.stopped = row.stopped;
      talk.readers = people;
      talk.members = members;
      talk.access = policy?.access ?? talk.access;
    }
    this.changed(talk);
    return talk;
  }
}

function isShown({ status }: Talk): boolean {
  return status === "active" || status === "joining" || status === "stopped";
}

function ownOf({ id, seed, record }: OwnDevice): Own {
  const read = readRecord(record, signingKeyOf(seed).publicKey);
  const device = toText(id);
  if (!read.ok) return { ...NOBODY, id, device };
  const { server, deviceLabel: label } = read.record;
  return { id, device, who: whoKey(read.record), label, server: hex(server) };
}

function standingIn(saved: Saved, name: string): Standing {
  if (saved.device === null) return { kind: "unknown" };
  const candidate = candidateOf(saved);
  if (candidate !== null) return pendingStanding(candidate, name);
  return { kind: saved.isRemoved ? "removed" : "confirmed" };
}
