import type { ClientEvent } from "../../client/classic/index.ts";
import type { ClientState, ConnectionEnd } from "../../client/index.ts";
import { complete } from "../commands/complete.ts";
import { readWritten } from "../commands/read.ts";
import { explainEnd } from "../explain.ts";
import { Board } from "./board.ts";
import type { Chat, Completion } from "./chat.ts";
import { isSameId } from "./conversations.ts";
import { Obedience } from "./obedience.ts";
import type { ChatPorts } from "./ports.ts";
import { Post } from "./post.ts";
import { OPEN_ROOM } from "./snapshot.ts";

/** Milliseconds between two questions who is here: the classic server tells nobody's coming and going. */
const ROSTER_INTERVAL = 20_000;

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
  readonly #board: Board;
  readonly #post: Post;
  readonly #obedience: Obedience;
  readonly #ended: Promise<void>;
  #wasOnline = false;
  #asking: "no" | "once" | "again" = "no";

  constructor(ports: ChatPorts) {
    const { client } = ports;
    this.#ports = ports;
    this.#board = new Board(client.id, ports.server, ports.settings, ports.now);
    this.#post = new Post(ports, this.#board);
    this.#obedience = new Obedience(ports, this.#board, this.#post);
    this.subscribe = this.#board.subscribe;
    this.getSnapshot = this.#board.getSnapshot;
    for (const trouble of ports.troubles) this.#board.note(trouble, "trouble");
    client.onEvent((event) => this.#heard(event));
    this.#showState(client.state);
    const stopAsking = ports.every(ROSTER_INTERVAL, () => void this.#askRoster());
    this.#ended = client.ended().then(stopAsking);
  }

  submit(text: string): boolean {
    const intent = readWritten(text);
    return intent.kind === "say" ? this.say(intent.text) : this.#obedience.obey(intent);
  }

  say(text: string): boolean {
    return this.#post.send(this.getSnapshot().present.id, text);
  }

  open(id: string): void {
    this.#board.open(id);
  }

  endSearch(): void {
    this.#board.updatePresent((one) => ({ ...one, search: null }));
  }

  openNextUnread(): void {
    const unread = this.getSnapshot().conversations.filter((one) => one.unread > 0);
    const next = unread.find((one) => one.highlights > 0) ?? unread[0];
    if (next !== undefined) this.#board.open(next.id);
  }

  complete(before: string): Completion {
    const { present, members, me, operator, conversations } = this.getSnapshot();
    const spoke = present.entries.flatMap((entry) => (entry.kind === "message" && !entry.own ? [entry.from] : []));
    const partners = conversations.map(({ id }) => id).filter((id) => id !== OPEN_ROOM);
    // Best first: who spoke last, then with whom one talks, then who is here. A name counts at its first place.
    const names = new Map<string, string>();
    for (const id of [...spoke.toReversed(), ...partners, ...(members ?? [])]) {
      if (!names.has(id.toLowerCase())) names.set(id.toLowerCase(), id);
    }
    names.delete(me.toLowerCase());
    return complete(before, { names: [...names.values()], operator });
  }

  async leave(): Promise<void> {
    await this.#ports.client.close();
  }

  ended(): Promise<void> {
    return this.#ended;
  }

  /** What fails over one thing heard is said, and nobody's chat ends by it. */
  #heard(event: ClientEvent): void {
    try {
      this.#event(event);
    } catch (error) {
      const why = error instanceof Error ? error.name : "unknown";
      this.#board.note(`Something came that can't be shown (${why}).`, "trouble");
    }
  }

  #event(event: ClientEvent): void {
    switch (event.kind) {
      case "state":
        this.#showState(event.state);
        return;
      case "message":
        this.#post.receive(event.from, event.to, event.text);
        this.#lookUp(event.from);
        return;
      case "unreadable":
        this.#board.note(`A message from ${event.from} could not be read.`, "trouble");
        return;
      case "operator":
        this.#board.change({ operator: event.operator });
        this.#board.note(event.operator ? "You are operator now." : "You are not operator any more.");
        return;
      case "notice":
        this.#board.note(`The server says: ${event.text}`);
        return;
      case "kicked":
      case "banned":
      // The end that follows says it.
    }
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
    const first = `Connected to ${server} as ${client.id}${right}. /help tells what there is to do.`;
    const text = this.#wasOnline ? `Connected again${right}.` : first;
    this.#wasOnline = true;
    this.#board.change({ link: { kind: "online" }, operator });
    this.#board.note(text);
    void this.#askRoster();
  }

  /** Each outage is told once, not with each attempt; that our name is taken is news even then. */
  #lost(loss: ConnectionEnd): void {
    const { link } = this.getSnapshot();
    const text = isTaken(loss) ? TAKEN : `${explainEnd(loss, this.#ports.server)} Trying again until it comes back.`;
    if (link.kind !== "lost" || (text === TAKEN && link.text !== TAKEN)) this.#board.note(text, "trouble");
    this.#board.change({ link: { kind: "lost", text }, members: null });
  }

  #over(cause: ConnectionEnd): void {
    const text = explainEnd(cause, this.#ports.server);
    this.#board.change({ link: { kind: "ended", text }, members: null });
    if (cause.kind !== "left") this.#board.note(text, "trouble");
  }

  #lookUp(id: string): void {
    const { members } = this.getSnapshot();
    if (members !== null && !members.some((known) => isSameId(known, id))) void this.#askRoster();
  }

  async #askRoster(): Promise<void> {
    const { client } = this.#ports;
    if (this.#asking !== "no") {
      // One question at a time, however much somebody unknown says; the one on its way may be too early for them.
      this.#asking = "again";
      return;
    }
    for (this.#asking = "again"; this.#asking === "again" && client.state.kind === "online";) {
      this.#asking = "once";
      const reply = await client.list();
      if (reply.kind === "answered" && client.state.kind === "online")
        this.#board.change({ members: sorted(reply.value) });
    }
    this.#asking = "no";
  }
}

function isTaken(loss: ConnectionEnd): boolean {
  return loss.kind === "refused" && loss.error.reason === "name-taken";
}

function sorted(ids: readonly string[]): readonly string[] {
  return ids.toSorted((one, other) => one.localeCompare(other, "en", { sensitivity: "base" }));
}
