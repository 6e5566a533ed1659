import type { ChatEvent, ClientState, Conversation, Person } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { toldLine } from "../wire/messages.ts";
import type { Told } from "../wire/messages.ts";
import type { FaceRights } from "./guests.ts";
import type { OpenDevice, ServedChat } from "./ports.ts";

/** Who hears what a chat tells: lines, each made once for all. */
export interface Listener {
  readonly rights: FaceRights;
  send(line: string): void;
}

const MOST_UNHEARD = 8;

/** One device on one server, with the faces that look at it. */
export class Life {
  /** How it was last asked for. */
  address: ServerAddress;
  readonly #device: OpenDevice;
  readonly #faces = new Set<Listener>();
  #me: string;
  #people: readonly Person[] | null = null;
  /** The address leads elsewhere now: what to say of it. */
  #moved: string | null = null;
  #wasOnline = false;
  /** What the agent's own user is to know and no face of theirs was there to be told, as lines: the last of it. */
  readonly #unheard: string[] = [];
  /** Faces that are about to attach. */
  #expected = 0;

  constructor(address: ServerAddress, device: OpenDevice) {
    this.address = address;
    this.#device = device;
    this.#me = device.chat.me;
    this.#wasOnline = device.chat.state.kind === "online";
    device.chat.onEvent((event) => this.#heard(event));
  }

  get chat(): ServedChat {
    return this.#device.chat;
  }

  get state(): ClientState {
    return this.#shown(this.chat.state);
  }

  get faces(): number {
    return this.#faces.size;
  }

  /** Whether nobody looks at it, and it has ended or never came to be. What waits in it is to be asked for besides. */
  get isIdle(): boolean {
    if (this.chat.standing.kind === "pending" && this.state.kind !== "ended") return false;
    return this.#faces.size === 0 && this.#expected === 0 && (this.state.kind === "ended" || !this.#wasOnline);
  }

  /** A face will attach, or `expectNoMore` is called. */
  expect(): void {
    this.#expected += 1;
  }

  expectNoMore(): void {
    this.#expected -= 1;
  }

  /** `text` is one line for whoever looks at it. */
  moved(text: string): void {
    this.#moved = text;
  }

  /** The face is told all that is known before anything else is. */
  attach(face: Listener): void {
    const { chat } = this;
    face.send(toldLine({ snapshot: { me: chat.me, state: this.state, standing: chat.standing } }));
    for (const conversation of chat.conversations) face.send(this.#known(conversation));
    for (const held of chat.held) face.send(toldLine({ event: { kind: "held", ...held } }));
    for (const device of chat.waitingDevices) face.send(toldLine({ event: { kind: "device-waits", device } }));
    if (this.#people !== null) face.send(toldLine({ people: this.#people }));
    if (face.rights === "owner") for (const line of this.#unheard.splice(0)) face.send(line);
    this.#faces.add(face);
  }

  detach(face: Listener): void {
    this.#faces.delete(face);
  }

  /** A face is here that shows `#everyone`. */
  comeIn(): void {
    this.#device.comeIn();
  }

  /** Somebody wants it now: a connection that waits for its turn is tried at once. */
  hurry(): void {
    this.#device.hurry();
  }

  /** Given to whoever opened this device before. */
  async useToken(token: string): Promise<void> {
    await this.#device.useToken(token);
  }

  async isAwaited(): Promise<boolean> {
    return await this.#device.isAwaited().catch(() => false);
  }

  /** It goes on as another life: faces come back to that. */
  dismiss(): void {
    this.#toAll(toldLine({ bye: "ending" }));
  }

  /** Null: the store can't tell. */
  async waiting(): Promise<number | null> {
    return await this.#device.waiting().catch(() => null);
  }

  async close(): Promise<void> {
    await this.#device.close();
  }

  #heard(event: ChatEvent): void {
    if (event.kind === "people") this.#people = event.people;
    if (event.kind === "state" && event.state.kind === "online") this.#wasOnline = true;
    if (this.chat.me !== this.#me) {
      this.#me = this.chat.me;
      this.#tell({ me: this.#me });
    }
    switch (event.kind) {
      case "state":
        this.#tell({ event: { kind: "state", state: this.#shown(event.state) } });
        return;
      case "conversation":
        this.#toAll(this.#known(event.conversation));
        this.#tell({ event });
        return;
      case "message":
      case "unreadable":
      case "people":
      case "operator":
      case "held":
      case "standing":
      case "device-waits":
      case "device-waits-no-more":
      case "kicked":
      case "banned":
        this.#tell({ event });
        return;
      case "notice":
      case "word":
        this.#tell({ event });
        if (!this.#isOwnerThere) this.#keepUnheard(toldLine({ event }));
    }
  }

  /** A guest, such as a service, may show it to nobody. */
  get #isOwnerThere(): boolean {
    return [...this.#faces].some(({ rights }) => rights === "owner");
  }

  #keepUnheard(line: string): void {
    if (this.#unheard.length >= MOST_UNHEARD) this.#unheard.shift();
    this.#unheard.push(line);
  }

  #shown(state: ClientState): ClientState {
    return this.#moved !== null && state.kind === "ended"
      ? { kind: "ended", cause: { kind: "agent", why: "another-server", text: this.#moved } }
      : state;
  }

  #known(conversation: Conversation): string {
    return toldLine({ known: { conversation, longestText: this.chat.longestText(conversation.id) } });
  }

  #tell(told: Told): void {
    if (this.#faces.size > 0) this.#toAll(toldLine(told));
  }

  #toAll(line: string): void {
    for (const face of this.#faces) face.send(line);
  }
}
