import { foldName } from "../../core/names.ts";
import { get } from "../../core/persistent-map.ts";
import type { Notice } from "../../core/notices.ts";
import { decodeRequest } from "../../wire/frames/client-frames.ts";
import type { Refusal } from "../../wire/frames/refusals.ts";
import type { ReplyBody, Request } from "../../wire/frames/requests.ts";
import { encodePush, encodeRefusal, encodeReply } from "../../wire/frames/server-frames.ts";
import { FEATURES, MAX_FRAME, MOST_ENTRIES, VERSION } from "../../wire/frames/version.ts";
import type { Owner } from "../../groups/rows.ts";
import { ownerKey } from "../../groups/state.ts";
import type { Speaker } from "../groups/outcomes.ts";
import type { ComingDevice } from "../groups/user-keys.ts";
import { randomId } from "../random-id.ts";
import type { ProtocolSession, SessionLink } from "../session/protocol.ts";
import type { Answered } from "./answered.ts";
import { answerRequest } from "./answers.ts";
import { answerNewcomer, isOfNewcomer, type NewcomerRequest } from "./newcomers.ts";
import { refusalOfGroups } from "./outbound.ts";
import { registration } from "./registration.ts";
import type { FramesServices, Hearer, KnownIdentity } from "./services.ts";
import { labelOf, ownerOf } from "./owner.ts";
import { proveDevice } from "./proof.ts";
import { showsNews } from "./shown-record.ts";

/** Who is at the other end. */
export interface FramesPeer {
  readonly identified: KnownIdentity;
  /** From where it comes, see source.ts. */
  readonly source: () => Promise<string>;
}

interface Registered {
  readonly name: string;
  readonly operator: boolean;
}

type Greeted = ReplyBody<"hello"> & { readonly name: string; readonly speaker: Speaker | null };

type State =
  /** The server has said hello; the peer's is awaited. */
  | { readonly kind: "greeting" }
  /** The peer's hello is being checked. */
  | { readonly kind: "checking" }
  | { readonly kind: "open"; readonly name: string; readonly speaker: Speaker | null }
  | { readonly kind: "over" };

/** Bytes of a record as others are told of it, about. */
const RECORD_COST = 1024;
/** Requests of one session that may be under way at once. */
const MOST_REQUESTS = 32;

/** One frame connection: requests in, replies and pushes out. Who its session is, the core knows; which device, the delivery service. */
export class FramesSession implements ProtocolSession, Hearer {
  readonly held = 0;
  readonly link: SessionLink;
  readonly #identified: KnownIdentity;
  readonly #source: () => Promise<string>;
  readonly #services: FramesServices;
  readonly #onOpen: () => void;
  readonly #nonce = randomId(32);
  #state: State = { kind: "greeting" };
  /** What the core has registered, before the hello as a whole was accepted too: a device may be refused, and the hello tried without. */
  #registered: Registered | null = null;
  /** Its end was asked for, and the peer was told why. */
  #ending = false;
  /** A device has asked here to be confirmed. */
  #hasAsked = false;
  #requests = 0;
  #flushing = false;

  /** @param onOpen the hello was accepted: from now on a frame may be long. */
  constructor(
    link: SessionLink,
    { identified, source }: FramesPeer,
    services: FramesServices,
    onOpen: () => void = () => {},
  ) {
    this.#onOpen = onOpen;
    this.link = link;
    this.#identified = identified;
    this.#source = source;
    this.#services = services;
    services.onStart(this);
    this.#sayHello();
  }

  /** Which device this is; null: none, or not yet. */
  get speaker(): Speaker | null {
    return this.#state.kind === "open" ? this.#state.speaker : null;
  }

  get name(): string | null {
    return this.#state.kind === "open" ? this.#state.name : null;
  }

  // What its session tells.

  onMessage(message: Buffer): void {
    if (this.#ending) return;
    const decoded = decodeRequest(message.toString("utf8"));
    switch (decoded.kind) {
      case "invalid":
        this.#end({ reason: "malformed" });
        return;
      case "refused":
        this.#services.onMalformed(this.link.id, decoded.where);
        this.#refuse(decoded.id, decoded.refusal);
        return;
      case "request":
        this.#take(decoded.request);
    }
  }

  onTooLong(): void {
    this.#end({ reason: "too-large" });
  }

  hear(notice: Notice): number {
    if (notice.kind === "ended" && this.#ending) return 0;
    // Who hasn't said hello hears it among the lines from before.
    if (notice.kind === "broadcast" && this.#state.kind !== "open") return 0;
    const bytes = this.#services.encodeNotice(notice);
    if (bytes === null || this.#state.kind === "over") return 0;
    this.link.connection.send(bytes);
    return bytes.length;
  }

  /** What the delivery service has to say, encoded. */
  hearPush(bytes: Buffer): void {
    if (this.#state.kind !== "over") this.link.connection.send(bytes);
  }

  onEnded(refusal: Refusal): void {
    this.#end(refusal);
  }

  flush(): void {
    this.link.connection.flush();
  }

  onDrain(): void {}

  stop(): void {
    const { speaker, name } = this;
    let wasAway = false;
    if (this.#state.kind !== "over" && speaker !== null) this.#services.groups.offline(speaker);
    else if (this.#hasAsked) this.#services.groups.stopAsking(this.link.id);
    if (name !== null && this.#services.away.get(foldName(name))?.session === this.link.id) {
      this.#services.away.delete(foldName(name));
      wasAway = true;
    }
    this.#state = { kind: "over" };
    this.#services.onStop(this);
    // Their other devices are there still.
    if (wasAway && name !== null) this.#services.onAway(name, this.link.id);
  }

  release(): void {
    this.hearPush(Buffer.from(encodePush({ type: "ended", cause: { kind: "stopping" } })));
  }

  // What the peer asks.

  #sayHello(): void {
    const { server } = this.#services;
    const { identity, grant } = this.#identified;
    const hello = encodePush({
      type: "hello",
      version: VERSION,
      features: [...FEATURES],
      server,
      openRoom: this.#services.openRoom,
      at: Date.now(),
      nonce: this.#nonce,
      you: { owner: ownerOf(identity, null), label: labelOf(identity), operator: grant !== null },
      limits: { frame: MAX_FRAME, page: MOST_ENTRIES, requests: MOST_REQUESTS },
    });
    this.hearPush(Buffer.from(hello));
    this.link.connection.flush();
  }

  #take(request: Request): void {
    if (this.#state.kind === "over") return;
    if (request.type === "hello") {
      if (this.#state.kind === "greeting") void this.#greet(request.id, request.body);
      else this.#refuse(request.id, { reason: "already-registered" });
      return;
    }
    const { name } = this;
    const isEarly = isOfNewcomer(request) && this.#state.kind === "greeting";
    if (name === null && !isEarly) return this.#refuse(request.id, { reason: "hello-first" });
    if (this.#requests >= MOST_REQUESTS) return this.#refuse(request.id, { reason: "too-many-requests" });
    if (isOfNewcomer(request)) void this.#answer(request.id, () => this.#answerNewcomer(request));
    else if (name !== null) void this.#answer(request.id, () => this.#answerKnown(request, name));
  }

  async #greet(id: number, body: Extract<Request, { type: "hello" }>["body"]): Promise<void> {
    if (body.version !== VERSION) return this.#end({ reason: "version" });
    this.#state = { kind: "checking" };
    const release = this.link.hold();
    let greeted: Refusal | Greeted;
    try {
      greeted = await this.#check(body);
    } catch (cause) {
      this.#services.onFault(cause);
      greeted = { reason: "storage-failed" };
    }
    release();
    // It may have gone meanwhile, and its device with it, of which `stop` could not know.
    if (this.#stateKind() === "over") {
      if ("speaker" in greeted && greeted.speaker !== null) this.#services.groups.offline(greeted.speaker);
      return;
    }
    if ("reason" in greeted) {
      this.#state = { kind: "greeting" };
      return this.#refuse(id, greeted);
    }
    const { name, operator, device, speaker } = greeted;
    this.#state = { kind: "open", name, speaker };
    this.#onOpen();
    this.link.ready();
    this.#reply(id, { name, operator, device } satisfies ReplyBody<"hello">);
    for (const line of this.#services.scrollback.lines()) {
      this.hearPush(Buffer.from(encodePush({ type: "said", ...line, earlier: true })));
    }
    this.link.flush();
  }

  async #check(body: Extract<Request, { type: "hello" }>["body"]): Promise<Refusal | Greeted> {
    const { identity } = this.#identified;
    const name = body.name ?? this.#services.claimedName(identity);
    if (name === null) return { reason: "invalid-name" };
    const owner = ownerOf(identity, name);
    if (body.device !== null && owner === null) return { reason: "identity-unavailable" };
    const proved =
      body.device === null || owner === null
        ? null
        : proveDevice(body.device, {
            nonce: this.#nonce,
            server: this.#services.server.id,
            owner,
            now: Math.floor(Date.now() / 1000),
          });
    if (typeof proved === "string") return { reason: proved };
    if (proved === null || owner === null) {
      const isKeyed = identity.kind === "local" && this.#services.groups.userKeys.ofName(foldName(name)) !== null;
      const registered = isKeyed ? ({ reason: "name-has-key" } as const) : await this.#register(name, undefined);
      return "reason" in registered ? registered : { ...registered, device: null, speaker: null };
    }
    const greeted = await this.#greetDevice(name, owner, { ...proved, session: this.link.id, owner });
    if (!("reason" in greeted) && body.features.includes("joiners"))
      this.#services.groups.turns.noteHelper(proved.device);
    return greeted;
  }

  async #greetDevice(name: string, owner: Owner, coming: ComingDevice): Promise<Refusal | Greeted> {
    const { groups } = this.#services;
    if (owner.kind === "name") {
      // A local name that has a user key is that key's: what is wrong with the device is told rather than that the name is taken.
      const refusal = groups.refusalOfOnline(coming);
      // Who is banned is told so, and why, by the core.
      if (refusal !== null && refusal.reason !== "not-allowed") return refusal;
    }
    const isShown = showsNews(groups.state, coming);
    if (isShown && !this.#mayTell(owner)) return { reason: "too-many-messages" };
    const registered = await this.#register(name, groups.userKeys.firstOf(owner) ?? coming.userKey);
    if ("reason" in registered) return registered;
    const online = await groups.online(coming);
    if (!online.ok) return refusalOfGroups(online.refusal);
    const { packages, lastResort, isNews } = online.value;
    if (isNews && isShown) this.#services.onDevices(name);
    const userKey = groups.userKeys.presentOf(owner) ?? coming.userKey;
    return {
      ...registered,
      device: { packages, lastResort, userKey, receipt: groups.userKeys.receiptFor(owner) },
      speaker: { session: this.link.id, device: coming.device },
    };
  }

  /** Everybody is told of their devices, with the record of each, and whoever comes again and again has another connection each time. */
  #mayTell(owner: Owner): boolean {
    const { groups, deviceNews, readers } = this.#services;
    const devices = get(groups.state.devicesOf, ownerKey(owner))?.size ?? 0;
    return deviceNews.admit(ownerKey(owner), RECORD_COST * (devices + 1), readers());
  }

  /** The core's own word on the name, which it gives as a notice: here it is waited for as an outcome. */
  #register(name: string, userKey: string | undefined): Promise<Refusal | Registered> {
    const before = this.#registered;
    if (before !== null) {
      return Promise.resolve(foldName(before.name) === foldName(name) ? before : { reason: "already-registered" });
    }
    return new Promise((resolve) => {
      this.link.post({ kind: "register", session: this.link.id, name, userKey }, (decision) => {
        const registered = registration(decision, name);
        if ("name" in registered) this.#registered = registered;
        resolve(registered);
      });
    });
  }

  async #answer(id: number, ask: () => Promise<Answered>): Promise<void> {
    this.#requests += 1;
    const release = this.link.hold();
    let answered: Answered;
    try {
      answered = await ask();
    } catch (cause) {
      // Our own fault: the log has the cause, the peer hears one word of it.
      this.#services.onFault(cause);
      answered = { refusal: { reason: "storage-failed" } };
    }
    this.#requests -= 1;
    release();
    if (this.#stateKind() === "over") return;
    if ("refusal" in answered) this.#refuse(id, answered.refusal);
    else this.#reply(id, answered.reply);
  }

  async #answerKnown(request: Exclude<Request, NewcomerRequest | { type: "hello" }>, name: string): Promise<Answered> {
    const { link, speaker } = this;
    return await answerRequest(request, { link, speaker, name, source: this.#source, services: this.#services });
  }

  async #answerNewcomer(request: NewcomerRequest): Promise<Answered> {
    const { link, name, speaker } = this;
    const { identity } = this.#identified;
    this.#hasAsked ||= request.type === "ask-confirmation";
    const answered = await answerNewcomer(request, {
      link,
      identity,
      nonce: this.#nonce,
      name,
      device: speaker?.device ?? null,
      source: this.#source,
      services: this.#services,
    });
    // Its connection may have gone meanwhile, of which the delivery service was told too early.
    if (answered.waits === true && this.#stateKind() === "over") this.#services.groups.stopAsking(link.id);
    else if (answered.waits === true) link.wait();
    return answered;
  }

  #stateKind(): State["kind"] {
    return this.#state.kind;
  }

  #reply(id: number, body: object): void {
    const bytes = Buffer.from(encodeReply(id, body));
    this.hearPush(bytes);
    this.link.charge(bytes.length);
    this.#flushSoon();
  }

  #refuse(id: number, refusal: Refusal): void {
    this.hearPush(Buffer.from(encodeRefusal(id, refusal)));
    this.#flushSoon();
  }

  /** The answers to all that one commit has stored come in one moment, and leave in one write. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      if (this.#state.kind !== "over") this.link.flush();
    });
  }

  #end(refusal: Refusal): void {
    if (this.#state.kind === "over" || this.#ending) return;
    this.#ending = true;
    this.hearPush(Buffer.from(encodePush({ type: "ended", cause: { kind: "refused", refusal } })));
    this.link.flush();
    this.link.post({ kind: "end", session: this.link.id, refusal: null });
  }
}
