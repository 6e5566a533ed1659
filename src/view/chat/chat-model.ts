import {
  isSameName,
  type ChatEvent,
  type ClientState,
  type ConnectionEnd,
  type Conversation as Talk,
  type ConversationId,
  type Hold,
  type Person,
} from "../../client/index.ts";
import { visibleLine } from "../../text/visible.ts";
import { complete } from "../commands/complete.ts";
import { readWritten } from "../commands/read.ts";
import { explainEnd, explainHold, explainWorth, whatToDo } from "../explain.ts";
import type { Chat, Completion, Submitted } from "./chat.ts";
import { SCROLLBACK } from "./conversations.ts";
import { OwnDeviceNews } from "./own-devices.ts";
import { Messaging } from "./messaging.ts";
import type { ChatPorts } from "./ports.ts";
import { CommandRunner, namesOf } from "./run-command.ts";
import { SnapshotStore } from "./snapshot-store.ts";

/** Messages of one page of what was said before, where nothing else is asked for. */
const PAGE = 100;
/** Messages of each conversation among which one that nobody has seen is looked for: one's own may be the last. */
const NEWEST = 20;
/** Names in a line that says who came and went. */
const MOST_NAMED = 5;

const TAKEN =
  "Your name is still taken, most likely by your own old connection: the server notices within two minutes that it is gone. " +
  "Trying again until then.";

/** Starts a chat over a client that may still be connecting. */
export function createChat(ports: ChatPorts): Chat {
  return new ChatModel(ports);
}

/** Turns what the client tells and what is written into snapshots. */
class ChatModel implements Chat {
  readonly subscribe: Chat["subscribe"];
  readonly getSnapshot: Chat["getSnapshot"];
  readonly #ports: ChatPorts;
  readonly #store: SnapshotStore;
  readonly #messaging: Messaging;
  readonly #commands: CommandRunner;
  readonly #devices: OwnDeviceNews;
  #wasOnline = false;
  /** The entries that say why something waits. */
  #isWorthTold = false;
  readonly #heldNotes = new Map<ConversationId, number>();

  constructor(ports: ChatPorts) {
    const { client } = ports;
    this.#ports = ports;
    this.#store = new SnapshotStore(client.me, ports.server, client.conversations, ports.settings, ports.now);
    this.#messaging = new Messaging(ports, this.#store, (id, hold) => this.#held(id, hold));
    this.#devices = new OwnDeviceNews(ports, this.#store);
    this.#commands = new CommandRunner(ports, this.#store, this.#messaging, this.#devices, () => this.#showBefore());
    this.subscribe = this.#store.subscribe;
    this.getSnapshot = this.#store.getSnapshot;
    for (const line of ports.foreword ?? []) this.#store.note(line);
    for (const trouble of ports.troubles) this.#store.note(trouble, "trouble");
    client.onEvent((event) => this.#heard(event));
    this.#showState(client.state);
    if (ports.sealed !== undefined) this.#showBefore();
    if (ports.seen !== undefined) void this.#lookForMissed();
    const { id: first } = this.getSnapshot().current;
    void this.#tellLater(ports.later, first);
  }

  async #tellLater(later: ChatPorts["later"], id: ConversationId): Promise<void> {
    for (const line of (await later) ?? []) this.#store.note(line, "plain", id);
  }

  began(): void {
    this.#messaging.began(this.getSnapshot().current);
  }

  submit(text: string): Submitted {
    const intent = readWritten(text);
    if (intent.kind !== "say") return this.#commands.run(intent);
    return this.say(intent.text) ? "done" : "kept";
  }

  say(text: string): boolean {
    return this.#messaging.send(this.getSnapshot().current, text);
  }

  open(id: ConversationId): void {
    this.#store.open(id);
    this.#messaging.looked(id);
    this.#showBefore();
  }

  openNamed(words: string): boolean {
    return this.#commands.open(words, { awaited: true }) === "done";
  }

  loadOlder(): void {
    const { id, entries, older } = this.getSnapshot().current;
    // A full conversation would let go what it has just been given.
    if (older !== "unasked" || entries.length > SCROLLBACK - PAGE) return;
    this.#store.update(id, (one) => ({ ...one, older: "asked" }));
    const before = entries.find((entry) => entry.kind === "message" && Number.isFinite(entry.place))?.place ?? null;
    void this.#loadPage(id, before, PAGE);
  }

  endSearch(): void {
    this.#store.updateCurrent((one) => ({ ...one, search: null }));
  }

  answerDevice(isOurs: boolean): boolean {
    const { sealed } = this.#ports;
    return sealed !== undefined && this.#devices.answer(isOurs, sealed);
  }

  openNextUnread(): void {
    const unread = this.getSnapshot().conversations.filter((one) => one.unread > 0);
    const next = unread.find((one) => one.highlights > 0) ?? unread[0];
    if (next !== undefined) this.open(next.id);
  }

  complete(before: string): Completion {
    const { current, members, me, operator, conversations } = this.getSnapshot();
    const spoke = current.entries.flatMap((entry) => (entry.kind === "message" && !entry.own ? [entry.from] : []));
    const partners = conversations.flatMap(({ kind, title }) =>
      kind === "classic-direct" || kind === "sealed-direct" ? [title] : [],
    );
    // Best first: who spoke last, then who reads here, then with whom one talks, then who is here. A name counts at its first place.
    const names = new Map<string, string>();
    for (const id of [...spoke.toReversed(), ...(current.readerNames ?? []), ...partners, ...(members ?? [])]) {
      if (!names.has(id.toLowerCase())) names.set(id.toLowerCase(), id);
    }
    names.delete(me.toLowerCase());
    const rooms = conversations.flatMap(({ kind, title }) => (kind === "sealed-room" ? [title] : []));
    return complete(before, {
      names: [...names.values()],
      rooms: [...new Set([...rooms, ...this.#commands.rooms])],
      operator,
    });
  }

  async leave(): Promise<void> {
    await this.#ports.client.close();
  }

  async ended(): Promise<void> {
    await this.#ports.client.ended();
  }

  /** What was said before in a conversation that somebody looks at for the first time. */
  #showBefore(): void {
    const { id, older, entries } = this.getSnapshot().current;
    const wanted = this.#ports.shownFromBefore ?? PAGE;
    const said = entries.filter(({ kind }) => kind === "message").length;
    if (older !== "unasked" || said >= wanted || (this.#ports.sealed === undefined && entries.length > 0)) return;
    if (entries.length > SCROLLBACK - PAGE) return;
    this.#store.update(id, (one) => ({ ...one, older: "asked" }));
    const before = entries.find((entry) => entry.kind === "message" && Number.isFinite(entry.place))?.place ?? null;
    void this.#loadPage(id, before, wanted - said);
  }

  async #loadPage(id: ConversationId, before: number | null, limit: number): Promise<void> {
    const reply = await this.#ports.client.page(id, before, limit);
    const talk = this.getSnapshot().conversations.find((one) => one.id === id);
    if (talk === undefined) return;
    // Where it failed, it is asked for again when somebody scrolls up again.
    if (reply.kind === "answered") this.#messaging.page(talk, reply.value.messages, reply.value.complete);
    else this.#store.update(id, (one) => ({ ...one, older: "unasked" }));
  }

  /** What came while no window was open: one conversation after another, and of each as much as is shown of it. */
  async #lookForMissed(): Promise<void> {
    const { current, conversations } = this.getSnapshot();
    for (const { id } of conversations) {
      if (id === current.id) continue;
      const newest = await this.#ports.client.page(id, null, NEWEST);
      if (newest.kind !== "answered" || !newest.value.messages.some((told) => this.#messaging.isUnseen(told))) continue;
      const one = this.getSnapshot().conversations.find((other) => other.id === id);
      if (one?.older === "unasked") await this.#loadPage(id, null, this.#ports.shownFromBefore ?? PAGE);
    }
  }

  /** What fails over one thing heard is said, and nobody's chat ends by it. */
  #heard(event: ChatEvent): void {
    try {
      this.#event(event);
    } catch (error) {
      const why = error instanceof Error ? error.name : "unknown";
      this.#store.note(`A message came that can't be shown (${why}).`, "trouble");
    }
  }

  #event(event: ChatEvent): void {
    if ("conversation" in event) this.#toldReaders(event.conversation);
    switch (event.kind) {
      case "state":
        this.#showState(event.state);
        return;
      case "message":
        this.#messaging.receive(event.conversation, event.message);
        return;
      case "unreadable":
        this.#store.learn(event.conversation);
        this.#store.note(
          `A message from ${visibleLine(event.from)} could not be read.`,
          "trouble",
          event.conversation.id,
        );
        return;
      case "conversation":
        this.#store.learn(event.conversation);
        if (event.conversation.kind === "sealed-room" && this.#wasOnline) void this.#tellWorth();
        return;
      case "held":
        this.#store.learn(event.conversation);
        this.#held(event.conversation.id, event.hold);
        return;
      case "people":
        this.#showPeople(event.people);
        return;
      case "operator":
        this.#store.change({ operator: event.operator });
        this.#store.note(event.operator ? "You are an operator now." : "You are no longer an operator.");
        return;
      case "notice":
        // One line, whatever reason an operator gave.
        this.#store.note(`The server says: ${visibleLine(event.text)}`);
        return;
      case "word":
        this.#store.note(visibleLine(event.text));
        return;
      case "standing":
        this.#devices.stood(event.standing);
        return;
      case "device-waits":
        this.#devices.waits(event.device);
        return;
      case "device-waits-no-more":
        this.#devices.waitsNoMore(event.id);
        return;
      case "kicked":
      case "banned":
      // The end that follows says it.
    }
  }

  #toldReaders(talk: Talk): void {
    const { id, readerNames } = this.getSnapshot().current;
    if (talk.id !== id || !("readers" in talk) || readerNames === null) return;
    const before = new Set(readerNames);
    const came = talk.readers.filter((name) => !before.has(name));
    if (came.length > 0 && before.size > 0) this.#messaging.came(id, came);
  }

  /** Said once for each reason; it stands above the input as long as it holds. */
  #held(id: ConversationId, hold: Hold | null): void {
    const held = hold === null ? null : `${explainHold(hold)} ${whatToDo(hold)}`;
    const before = this.getSnapshot().conversations.find((one) => one.id === id)?.held;
    if (before === held) return;
    this.#store.update(id, (one) => ({ ...one, held, hold }));
    // What no longer holds is no longer said: the message's own mark tells what became of it.
    const said = this.#heldNotes.get(id);
    if (said !== undefined) this.#store.takeBack(id, said);
    this.#heldNotes.delete(id);
    if (held !== null) this.#heldNotes.set(id, this.#store.note(held, "trouble", id));
  }

  #showState(state: ClientState): void {
    switch (state.kind) {
      case "online":
        this.#online(state.operator);
        return;
      case "waiting":
        this.#lost(state.loss);
        return;
      case "ended":
        this.#over(state.cause);
        return;
      case "connecting":
      // Between two attempts it is still lost, and says why.
    }
  }

  #online(operator: boolean): void {
    const right = operator ? ", operator" : "";
    const { server, client } = this.#ports;
    const first = `Connected to ${server} as ${client.me}${right}. /help lists what you can do.`;
    const text = this.#wasOnline ? `Connected again${right}.` : first;
    const isFirst = !this.#wasOnline;
    this.#wasOnline = true;
    this.#store.change({ me: client.me, link: { kind: "online" }, operator });
    this.#store.note(text);
    if (!isFirst) return;
    void this.#tellWorth();
    const { sealed } = this.#ports;
    if (sealed !== undefined) void this.#devices.look(sealed);
  }

  /** What it is worth to be called so here, where it isn't the tailnet that vouches for it. */
  async #tellWorth(): Promise<void> {
    const { sealed, client } = this.#ports;
    const room = sealed?.conversations.find(({ kind }) => kind === "sealed-room");
    if (sealed === undefined || room === undefined || this.#isWorthTold) return;
    const reply = await sealed.members(room.id);
    const self = reply.kind === "answered" ? reply.value.find(({ isSelf }) => isSelf) : undefined;
    // Who comes for the first time is in no room yet.
    if (self === undefined || this.#isWorthTold) return;
    this.#isWorthTold = true;
    const worth = explainWorth(client.me, self.kind);
    if (worth !== null) this.#store.note(worth, "plain", room.id);
  }

  /** Each outage is told once, not with each attempt; that our name is taken is news even then. */
  #lost(loss: ConnectionEnd): void {
    const { link } = this.getSnapshot();
    const why = explainEnd(loss, this.#ports.server, this.#ports.client.me);
    const text = isTaken(loss) ? TAKEN : loss.kind === "agent" ? why : `${why} Trying again until it comes back.`;
    const takes = loss.kind !== "agent" || loss.why !== "silent";
    // A device that is confirmed comes in by another connection, and one that finds no room to wait in asks on another; both stand above the input.
    const standing = this.#ports.sealed?.standing;
    if (standing?.kind === "pending" && (loss.kind === "closed" || standing.code === null)) return;
    if (link.kind !== "lost" || (text === TAKEN && link.text !== TAKEN) || link.takes !== takes) {
      this.#store.note(text, "trouble");
      if (!takes) this.#messaging.tellUntaken();
    }
    this.#store.change({ link: { kind: "lost", text, takes }, members: null });
  }

  #over(cause: ConnectionEnd): void {
    const text = explainEnd(cause, this.#ports.server, this.#ports.client.me);
    this.#store.change({ link: { kind: "ended", text }, members: null });
    if (cause.kind !== "left") this.#store.note(text, "trouble");
  }

  /** Who is here, and in the open room who has come and gone since it was known last. */
  #showPeople(people: readonly Person[]): void {
    const { members: before, settings, conversations, me } = this.getSnapshot();
    const members = namesOf(people);
    this.#store.change({ members });
    if (before === null || !settings.joins) return;
    const isTold = (name: string): boolean => !isSameName(name, me) && !settings.ignored.includes(name.toLowerCase());
    const text = [
      cameOrLeft(missing(members, before).filter(isTold), "came"),
      cameOrLeft(missing(before, members).filter(isTold), "left"),
    ].filter((part) => part !== null);
    const openRoom = conversations.find(({ kind }) => kind === "open-room") ?? conversations[0];
    if (text.length > 0) this.#store.note(text.join("; "), "plain", openRoom?.id);
  }
}

/** Those of some names that are not among others. */
function missing(names: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others.map((name) => name.toLowerCase()));
  return names.filter((name) => !known.has(name.toLowerCase()));
}

function cameOrLeft(names: readonly string[], did: "came" | "left"): string | null {
  if (names.length === 0) return null;
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} others` : "";
  return visibleLine(`${names.slice(0, MOST_NAMED).join(", ")}${more} ${did}`);
}

function isTaken(loss: ConnectionEnd): boolean {
  return loss.kind === "refused" && (loss.error.reason === "name-taken" || loss.error.reason === "name-has-key");
}
