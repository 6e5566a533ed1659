/**
 * A world without servers, agents and keys in which people have chats that can seal: rooms and pairs with their logs, who reads, holds,
 * a server that can be away. It stands in for the agent where a test is about what people see and type.
 */
import { classicDirect, idOf, isSameName, OPEN_ROOM, type ChatEvent, type ChatMessage, type ClientState, type Conversation, type ConversationId, type Device, type Doubt, type EndCause, type Hold, type Imported, type Member, type Outcome, type Removal, type Reply, type Room, type SafetyNumber, type SealedChat, type SealedFacts, type SendOptions, type Standing } from "../../src/client/index.ts"; // prettier-ignore
import type { Page } from "../../src/client/message.ts";

type SealedConversation = Extract<Conversation, { kind: "sealed-room" | "sealed-direct" }>;

/** What stands in a log, the same for all who read it. */
interface Logged {
  readonly id: string;
  readonly number: number;
  readonly from: string;
  readonly at: number;
  text: string;
  readonly readers: readonly string[];
  readonly replyTo: string | null;
  edited: boolean;
  body: SealedFacts["body"];
  readonly doubt?: Doubt;
}

interface Group {
  readonly key: string;
  readonly kind: SealedConversation["kind"];
  readonly title: string;
  readonly access: "open" | "invite";
  readonly members: string[];
  readonly log: Logged[];
}

/** What one person waits to send, or waits with until they have looked. */
interface Waiting {
  readonly id: string;
  readonly group: Group;
  readonly text: string;
  readonly options: SendOptions;
  readonly settle: (outcome: Outcome) => void;
}

export class FakeSealedWorld {
  readonly groups: Group[] = [];
  readonly people = new Map<string, FakeSealedChat>();
  /** Names that are here by the classic protocol alone. */
  readonly classic: string[] = [];
  online = true;
  now = Date.UTC(2026, 10, 27, 12);
  #nextId = 1;

  constructor() {
    this.groups.push({
      key: "everyone",
      kind: "sealed-room",
      title: "#everyone",
      access: "open",
      members: [],
      log: [],
    });
  }

  /** Somebody with a device, who joins `#everyone`. */
  join(name: string): FakeSealedChat {
    const chat = new FakeSealedChat(this, name);
    this.people.set(name, chat);
    this.enter(this.group("#everyone"), name, name);
    return chat;
  }

  group(title: string): Group {
    const found = this.groups.find((one) => isSameName(one.title, title));
    if (found === undefined) throw new Error(`no such room: ${title}`);
    return found;
  }

  /** `by` brings somebody in: who was there before has to look at them before writing. */
  enter(group: Group, name: string, by: string): void {
    if (group.members.includes(name)) return;
    group.members.push(name);
    this.append(group, { from: by, text: `${name} came`, body: "members" });
    for (const member of group.members) {
      const chat = this.people.get(member);
      chat?.conversationChanged(group);
      if (member !== name && member !== by) chat?.newReader(group, name);
    }
  }

  leave(group: Group, name: string): void {
    group.members.splice(group.members.indexOf(name), 1);
    this.append(group, { from: name, text: `${name} left`, body: "members" });
    for (const member of group.members) this.people.get(member)?.conversationChanged(group);
  }

  append(group: Group, said: { readonly from: string; readonly text: string } & Partial<Logged>): Logged {
    const number = group.log.length;
    const logged: Logged = {
      id: this.nextId(),
      number,
      at: (this.now += 1000),
      readers: [...group.members],
      replyTo: null,
      edited: false,
      body: "text",
      ...said,
    };
    group.log.push(logged);
    this.tell(group, logged);
    return logged;
  }

  tell(group: Group, logged: Logged): void {
    for (const member of group.members) this.people.get(member)?.tellLogged(group, logged);
  }

  /** The server goes, or comes back. */
  setOnline(online: boolean): void {
    this.online = online;
    for (const chat of this.people.values()) chat.tellState();
  }

  nextId(): string {
    return `m${this.#nextId++}`;
  }
}

export class FakeSealedChat implements SealedChat {
  readonly me: string;
  readonly world: FakeSealedWorld;
  /** What was held is counted here: how often somebody looked. */
  accepted = 0;
  readonly #listeners = new Set<(event: ChatEvent) => void>();
  readonly #holds = new Map<Group, Hold>();
  readonly #plain = new Set<string>();
  readonly changedKeys = new Set<string>();
  readonly comparedKeys = new Set<string>();
  ownDevices: Device[] = [];
  standing: Standing = { kind: "confirmed" };
  #waiting: Waiting[] = [];
  #ended = Promise.withResolvers<EndCause>();
  #cause: EndCause | null = null;

  constructor(world: FakeSealedWorld, me: string) {
    this.world = world;
    this.me = me;
    this.ownDevices.push({ ...ASKING, id: `${me}-1`, isThis: true, lastSeen: world.now, status: "confirmed", code: null }); // prettier-ignore
  }

  get state(): ClientState {
    if (this.#cause !== null) return { kind: "ended", cause: this.#cause };
    if (this.world.online) return { kind: "online", operator: false };
    return { kind: "waiting", attempt: 0, delay: 1000, loss: { kind: "unreachable", code: "ECONNREFUSED" } };
  }

  get conversations(): readonly Conversation[] {
    const [everyone, ...others] = this.world.groups.filter(({ members }) => members.includes(this.me));
    return [
      ...(everyone === undefined ? [] : [this.#seen(everyone)]),
      OPEN_ROOM,
      ...others.map((one) => this.#seen(one)),
    ];
  }

  named(words: string): Conversation | null {
    if (isSameName(words, "ALL")) return OPEN_ROOM;
    return this.conversations.find(({ title }) => isSameName(title, words)) ?? null;
  }

  onEvent = (listener: (event: ChatEvent) => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  async online() {
    for (;;) {
      const { state } = this;
      if (state.kind === "online" || state.kind === "ended") return state;
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = this.onEvent(() => resolve());
      await promise;
      stop();
    }
  }

  ended = () => this.#ended.promise;

  close(): Promise<void> {
    this.end({ kind: "left" });
    return Promise.resolve();
  }

  end(cause: EndCause): void {
    if (this.#cause !== null) return;
    this.#cause = cause;
    this.#tell({ kind: "state", state: this.state });
    this.#ended.resolve(cause);
  }

  send(id: ConversationId, text: string, options: SendOptions = {}): Promise<Outcome> {
    const group = this.#group(id);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    if (group === null) {
      const conversation = id === OPEN_ROOM.id ? OPEN_ROOM : classicDirect(id.slice("classic-direct:".length));
      this.#tell({ kind: "message", conversation, message: plainMessage(this, conversation, text) });
      return Promise.resolve({ kind: "taken" });
    }
    const waiting = { id: this.world.nextId(), group, text, options, settle: resolve };
    this.#waiting.push(waiting);
    this.#tellWaiting(waiting, { kind: "sending" });
    this.#goOn();
    const hold = this.#holds.get(group);
    if (this.world.online && hold !== undefined && this.#waiting.includes(waiting)) resolve({ kind: "held", hold });
    return promise;
  }

  edit(id: ConversationId, message: string, text: string): Promise<Outcome> {
    return this.#change(id, message, (logged) => Object.assign(logged, { text, edited: true }));
  }

  remove(id: ConversationId, message: string): Promise<Outcome> {
    const unsent = this.#waiting.find((one) => one.id === message);
    if (unsent !== undefined) {
      this.#waiting = this.#waiting.filter((one) => one !== unsent);
      this.#tellWaiting(unsent, { kind: "sending" }, "deleted");
      return Promise.resolve({ kind: "taken" });
    }
    return this.#change(id, message, (logged) => Object.assign(logged, { text: "", body: "deleted" }));
  }

  rooms(): Promise<Reply<readonly Room[]>> {
    const all = this.world.groups.filter(({ kind }) => kind === "sealed-room");
    const wasIn = ({ log }: Group) => log.some(({ readers }) => readers.includes(this.me));
    const seen = all.filter((group) => group.access === "open" || group.members.includes(this.me) || wasIn(group));
    return this.#ask(() =>
      seen.map((group): Room => {
        const isMember = group.members.includes(this.me);
        const conversation = isMember || wasIn(group) ? this.#seen(group) : null;
        const status = isMember ? "member" : group.access === "open" ? "not-a-member" : "removed";
        return { title: group.title, access: group.access, status, conversation, people: group.members.length };
      }),
    );
  }

  createRoom(name: string, access: "open" | "invite"): Promise<Reply<Conversation>> {
    if (this.world.groups.some(({ title }) => isSameName(title, `#${name}`))) {
      return Promise.resolve({ kind: "refused", error: { reason: "other", text: "there is such a room" } });
    }
    return this.#ask(() => {
      const group: Group = { key: name, kind: "sealed-room", title: `#${name}`, access, members: [], log: [] };
      this.world.groups.push(group);
      this.world.enter(group, this.me, this.me);
      return this.#seen(group);
    });
  }

  join(name: string): Promise<Reply<Conversation>> {
    const group = this.world.groups.find(({ title, access }) => isSameName(title, `#${name}`) && access === "open");
    if (group === undefined) return Promise.resolve({ kind: "refused", error: { reason: "not-a-member" } });
    return this.#ask(() => {
      this.world.enter(group, this.me, this.me);
      return this.#seen(group);
    });
  }

  leave(id: ConversationId): Promise<Outcome> {
    const group = this.#group(id);
    if (group === null) return Promise.resolve({ kind: "refused", error: { reason: "not-a-member" } });
    this.world.leave(group, this.me);
    return Promise.resolve({ kind: "taken" });
  }

  invite(id: ConversationId, person: string): Promise<Outcome> {
    const group = this.#group(id);
    if (group === null || !this.world.people.has(person)) {
      return Promise.resolve({ kind: "refused", error: { reason: "recipient-not-found" } });
    }
    this.world.enter(group, person, this.me);
    return Promise.resolve({ kind: "taken" });
  }

  members(id: ConversationId): Promise<Reply<readonly Member[]>> {
    const group = this.#group(id);
    return this.#ask(() =>
      (group?.members ?? []).map((name): Member => ({
        name,
        identity: name,
        kind: "name",
        level: this.comparedKeys.has(name) ? "compared" : "unverified",
        tailnet: "unknown",
        devices: ["laptop"],
        isSelf: name === this.me,
      })),
    );
  }

  direct(person: string): Promise<Reply<Conversation>> {
    if (!this.world.people.has(person)) {
      const isHere = this.world.classic.includes(person) || this.#plain.has(person);
      if (isHere) return this.#ask(() => classicDirect(person));
      return Promise.resolve({ kind: "refused", error: { reason: "recipient-not-found" } });
    }
    return this.#ask(() => {
      if (this.#plain.has(person)) return classicDirect(person);
      const title = [this.me, person].toSorted().join("+");
      const old = this.world.groups.find((group) => group.kind === "sealed-direct" && group.title === title);
      if (old !== undefined) return this.#seen(old);
      const members = [this.me, person];
      const group: Group = { key: title, kind: "sealed-direct", title, access: "invite", members, log: [] };
      this.world.groups.push(group);
      return this.#seen(group);
    });
  }

  allowPlain(person: string): Promise<Reply<Conversation>> {
    this.#plain.add(person);
    return Promise.resolve({ kind: "answered", value: classicDirect(person) });
  }

  /** Of people of this world, the same on both sides; `changedKeys` are whose key is another one now. */
  safetyNumber(words: string): Promise<Reply<SafetyNumber>> {
    if (isSameName(words, this.me)) return Promise.resolve({ kind: "not-sent", why: "invalid-recipient" });
    const person = [...this.world.people.keys()].find((name) => isSameName(name, words));
    if (person === undefined) return Promise.resolve({ kind: "refused", error: { reason: "recipient-not-found" } });
    const isChanged = this.changedKeys.has(person);
    const both = Buffer.from([this.me, person].toSorted().join("+")).toString("hex").replaceAll(/\D/g, "7");
    const number = `${isChanged ? "9" : "0"}${both}`.padEnd(60, "1").slice(0, 60);
    const level = this.comparedKeys.has(person) && !isChanged ? "compared" : "unverified";
    const value = {
      name: person,
      kind: "name",
      identity: person,
      level,
      tailnet: "unknown",
      number,
      isChanged,
    } as const;
    return Promise.resolve({ kind: "answered", value });
  }

  async confirmNumber(person: string, number: string): Promise<Outcome> {
    const shown = await this.safetyNumber(person);
    if (shown.kind !== "answered") return shown;
    if (shown.value.number !== number.replaceAll(" ", ""))
      return { kind: "refused", error: { reason: "other-number" } };
    this.changedKeys.delete(shown.value.name);
    this.comparedKeys.add(shown.value.name);
    return { kind: "taken" };
  }

  caughtUp(_conversation: ConversationId): Promise<Outcome> {
    return Promise.resolve({ kind: "taken" });
  }

  acceptReaders(id: ConversationId): Promise<Outcome> {
    const group = this.#group(id);
    if (group === null) return Promise.resolve({ kind: "refused", error: { reason: "not-a-member" } });
    this.accepted += 1;
    this.#holds.delete(group);
    this.#tell({ kind: "held", conversation: this.#seen(group), hold: null });
    this.#goOn();
    return Promise.resolve({ kind: "taken" });
  }

  /** Something that its person is to know. */
  notice(text: string): void {
    this.#tell({ kind: "notice", text });
  }

  /** What is written there waits, until somebody has looked. */
  hold(title: string, hold: Hold): void {
    const group = this.world.group(title);
    this.#holds.set(group, hold);
    this.#tell({ kind: "held", conversation: this.#seen(group), hold });
  }

  search(words: string, id: ConversationId | null, limit: number): Promise<Reply<readonly ChatMessage[]>> {
    const groups = this.world.groups.filter(
      (group) => group.members.includes(this.me) && (id === null || this.#seen(group).id === id),
    );
    const wanted = words.toLowerCase().split(/\s+/);
    const found = groups.flatMap((group) =>
      group.log
        .filter(({ text }) => wanted.every((word) => text.toLowerCase().includes(word)))
        .map((logged) => this.#message(group, logged)),
    );
    return Promise.resolve({ kind: "answered", value: found.toReversed().slice(0, limit) });
  }

  since(id: ConversationId, number: number, limit: number): Promise<Reply<readonly ChatMessage[]>> {
    const group = this.#group(id);
    const later = (group?.log ?? []).filter((logged) => logged.number > number).slice(0, limit);
    return Promise.resolve({
      kind: "answered",
      value: group === null ? [] : later.map((one) => this.#message(group, one)),
    });
  }

  page(id: ConversationId, before: number | null, limit: number): Promise<Reply<Page>> {
    // What this one has read it can read when it is out, too.
    const group = this.world.groups.find((one) => this.#seen(one).id === id) ?? null;
    const earlier = (group?.log ?? []).filter(({ number }) => before === null || number < before);
    const messages = group === null ? [] : earlier.slice(-limit).map((one) => this.#message(group, one));
    return Promise.resolve({ kind: "answered", value: { messages, complete: earlier.length <= limit } });
  }

  get waitingDevices(): readonly Device[] {
    return this.ownDevices.filter(({ status }) => status === "pending");
  }

  devices = () => Promise.resolve({ kind: "answered", value: this.ownDevices } as const);

  /** Another device asks to be one of ours. */
  deviceAsks(asking: Partial<Device> & { readonly code: string }): Device {
    const device: Device = { ...ASKING, id: this.world.nextId(), lastSeen: this.world.now, ...asking };
    this.ownDevices = [...this.ownDevices, device];
    this.#tell({ kind: "device-waits", device });
    return device;
  }

  /** Another of the person's devices has answered it. */
  deviceGoes({ id }: Device): void {
    this.ownDevices = this.ownDevices.filter((one) => one.id !== id);
    this.#tell({ kind: "device-waits-no-more", id });
  }

  /** One that asked says something else. */
  deviceTells(device: Device): void {
    this.ownDevices = this.ownDevices.map((one) => (one.id === device.id ? device : one));
    this.#tell({ kind: "device-waits", device });
  }

  stand(standing: Standing): void {
    this.standing = standing;
    this.#tell({ kind: "standing", standing });
  }

  confirmDevice(code: string): Promise<Reply<Device>> {
    const found = this.waitingDevices.find((device) => plainCode(device.code) === plainCode(code));
    if (found === undefined) return Promise.resolve({ kind: "refused", error: { reason: "no-such-device" } });
    const device: Device = { ...found, status: "confirmed", code: null };
    this.ownDevices = this.ownDevices.map((one) => (one === found ? device : one));
    return this.#ask(() => device);
  }

  dismissDevice(id: string): Promise<Outcome> {
    return this.#without([id], this.waitingDevices);
  }

  /** What a removal comes to: whether the server has answered, and who else goes. */
  removal: Removal = { kind: "removed", devices: [] };

  async removeDevices(ids: readonly string[]): Promise<Reply<Removal>> {
    const { kind, devices } = this.removal;
    const others = this.ownDevices.filter(({ isThis, status }) => !isThis && status === "confirmed");
    const done = kind === "removed" ? await this.#without([...ids, ...devices], others) : null;
    return done?.kind === "refused" ? done : { kind: "answered", value: { kind, devices: [...ids, ...devices] } };
  }

  #without(ids: readonly string[], from: readonly Device[]): Promise<Outcome> {
    const isThere = ids.every((id) => from.some((device) => device.id === id));
    if (!isThere) return Promise.resolve({ kind: "refused", error: { reason: "no-such-device" } });
    this.ownDevices = this.ownDevices.filter(({ id }) => !ids.includes(id));
    return Promise.resolve({ kind: "taken" });
  }

  inviteDevice = (minutes: number) =>
    this.#ask(() => ({ token: "pdt1-abcd-efgh", until: this.world.now + minutes * 60_000 }));

  resetDevices(): Promise<Outcome> {
    this.ownDevices = this.ownDevices.filter(({ isThis }) => isThis);
    this.stand({ kind: "confirmed" });
    return Promise.resolve({ kind: "taken" });
  }

  newDevice(): Promise<Outcome> {
    if (this.standing.kind === "confirmed") {
      return Promise.resolve({ kind: "refused", error: { reason: "device-confirmed" } });
    }
    this.stand({ kind: "pending", code: "KQ3F-7M2A-0T9X-WB41", name: this.me });
    return Promise.resolve({ kind: "taken" });
  }

  ownNumber = () => this.#ask(() => "12345 67890 12345 67890 12345 67890");
  /** Files that were written or read, with their passphrases. */
  readonly files: { readonly file: string; readonly passphrase: string }[] = [];

  exportDevice(file: string, passphrase: string): Promise<Outcome> {
    this.files.push({ file, passphrase });
    return Promise.resolve({ kind: "taken" });
  }

  /** The server has not said yet whether it takes a key. */
  isSilent = false;

  importDevice(file: string, passphrase: string): Promise<Reply<Imported>> {
    const isOpen = this.files.some((known) => known.file === file && known.passphrase === passphrase);
    if (!isOpen) return Promise.resolve({ kind: "refused", error: { reason: "wrong-passphrase" } });
    if (this.isSilent) return Promise.resolve({ kind: "answered", value: { kind: "kept" } });
    this.stand({ kind: "confirmed" });
    return Promise.resolve({ kind: "answered", value: { kind: "confirmed" } });
  }

  longestText = () => 16_384;
  people = () =>
    this.#ask(() =>
      [...this.world.people.keys(), ...this.world.classic]
        .toSorted()
        .map((name) => ({ name, presence: "online" as const })),
    );
  info = () => this.#ask(() => ({ host: "nas", addresses: [], ids: null }));
  help = () => Promise.resolve({ kind: "refused", error: { reason: "unsupported" } } as const);
  kick = (): Promise<Outcome> => Promise.resolve({ kind: "refused", error: { reason: "not-operator" } });
  ban = this.kick;
  unban = this.kick;
  bans = () => Promise.resolve({ kind: "refused", error: { reason: "not-operator" } } as const);
  serverInfo = this.bans;

  /** For the world: */
  tellLogged(group: Group, logged: Logged): void {
    this.#tell({ kind: "message", conversation: this.#seen(group), message: this.#message(group, logged) });
  }

  conversationChanged(group: Group): void {
    this.#tell({ kind: "conversation", conversation: this.#seen(group) });
  }

  newReader(group: Group, name: string): void {
    const before = this.#holds.get(group);
    const who = before?.kind === "new-readers" ? [...before.who, name] : [name];
    this.#holds.set(group, { kind: "new-readers", who });
  }

  /** Whatever else a client may tell. */
  tellEvent(event: ChatEvent): void {
    this.#tell(event);
  }

  tellState(): void {
    this.#tell({ kind: "state", state: this.state });
    this.#goOn();
  }

  #goOn(): void {
    if (!this.world.online) return;
    for (const waiting of this.#waiting) {
      const { group, text, options } = waiting;
      const hold = this.#holds.get(group);
      const isShown = hold?.kind === "new-readers" && hold.who.every((name) => options.shown?.includes(name) === true);
      if (hold?.kind === "new-readers" && (isShown || options.acceptMembers === true)) this.#holds.delete(group);
      if (this.#holds.has(group)) continue;
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
      this.world.append(group, { id: waiting.id, from: this.me, text, replyTo: options.replyTo ?? null });
      waiting.settle({ kind: "taken" });
    }
  }

  #change(id: ConversationId, message: string, change: (logged: Logged) => void): Promise<Outcome> {
    const group = this.#group(id);
    const logged = group?.log.find((one) => one.id === message && one.from === this.me);
    if (group === null || logged === undefined)
      return Promise.resolve({ kind: "refused", error: { reason: "not-a-member" } });
    change(logged);
    this.world.tell(group, logged);
    return Promise.resolve({ kind: "taken" });
  }

  #ask<T>(answer: () => T): Promise<Reply<T>> {
    return Promise.resolve(
      this.world.online ? { kind: "answered", value: answer() } : { kind: "not-sent", why: "offline" },
    );
  }

  #group(id: ConversationId): Group | null {
    return this.world.groups.find((group) => group.members.includes(this.me) && this.#seen(group).id === id) ?? null;
  }

  #seen(group: Group): SealedConversation {
    const { kind, key, members, access } = group;
    const id = idOf(kind, key);
    if (kind === "sealed-room") return { id, kind, title: group.title, open: access === "open", readers: [...members] };
    const title = members.find((name) => name !== this.me) ?? this.me;
    return { id, kind, title, readers: [...members] };
  }

  #message(group: Group, logged: Logged): ChatMessage {
    const { id, number, from, at, text, readers, replyTo, edited, body, doubt } = logged;
    const quoted = group.log.find((one) => one.id === replyTo);
    const mark = quoted?.doubt === undefined ? {} : { doubt: quoted.doubt };
    const quote = quoted === undefined ? null : { id: quoted.id, from: quoted.from, text: quoted.text, ...mark };
    return {
      id,
      conversation: this.#seen(group).id,
      place: number,
      at,
      from,
      own: body === "text" && from === this.me,
      text,
      delivery: from === this.me ? { kind: "stored" } : { kind: "delivered" },
      sealed: {
        number,
        device: "laptop",
        readers,
        edited,
        replyTo: quote,
        body,
        ...(doubt === undefined ? {} : { doubt }),
      },
    };
  }

  #tellWaiting(waiting: Waiting, delivery: ChatMessage["delivery"], body: SealedFacts["body"] = "text"): void {
    const { id, group, text } = waiting;
    const conversation = this.#seen(group);
    const readers = [...group.members];
    const sealed = { number: null, device: "laptop", readers, edited: false, replyTo: null, body };
    const { me: from, world } = this;
    const message: ChatMessage = { id, conversation: conversation.id, place: Infinity, at: world.now, from, own: true, text, delivery, sealed }; // prettier-ignore
    this.#tell({ kind: "message", conversation, message });
  }

  #tell(event: ChatEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

const ASKING: Device = { id: "", label: "laptop", isThis: false, lastSeen: null, isOnline: true, status: "pending", code: null }; // prettier-ignore

function plainMessage(
  { me: from, world }: FakeSealedChat,
  { id: conversation }: Conversation,
  text: string,
): ChatMessage {
  return {
    id: world.nextId(),
    conversation,
    place: world.now,
    at: world.now,
    from,
    own: true,
    text,
    delivery: { kind: "taken" },
  };
}

function plainCode(code: string | null): string | undefined {
  return code?.replaceAll(/[\s-]/g, "").toUpperCase();
}
