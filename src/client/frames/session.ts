import { decodeFromServer, type DecodedFromServer } from "../../wire/frames/server-frames.ts";
import type { Push } from "../../wire/frames/pushes.ts";
import type { ReplyBody, RequestBody, RequestType } from "../../wire/frames/requests.ts";
import { FEATURES, VERSION } from "../../wire/frames/version.ts";
import type { ConnectionEnd, LifecycleOwner } from "../index.ts";
import { after, openTcp } from "../transport/index.ts";
import { FrameConnection, NOT_FRAMES } from "./connection.ts";
import type { Answer, BeforeHello, FrameOptions, FramesEvent, ServerHello } from "./frames-client.ts";
import { PendingRequests } from "./pending-requests.ts";
import { refusalOf } from "./refusals.ts";
import type { FrameTimings } from "./timings.ts";

type Phase =
  /** The server speaks first. */
  | { readonly kind: "awaiting-hello" }
  /** Ours is on its way: pushes may come already. */
  | { readonly kind: "introducing"; readonly hello: ServerHello }
  | { readonly kind: "online" }
  | { readonly kind: "leaving" }
  | { readonly kind: "over" };

/** What a session tells its owner besides its life. */
type SessionEvent = Exclude<FramesEvent, { kind: "state" | "operator" }>;

export interface FrameSessionOwner extends LifecycleOwner {
  event(event: SessionEvent): void;
  operator(operator: boolean): boolean;
  /** This connection ends, and another one is to be made at once. */
  again(): void;
}

/** One connection's life, from its first packet to its end: says hello, asks and hears. */
export class FrameSession {
  readonly #options: FrameOptions;
  readonly #timings: FrameTimings;
  readonly #owner: FrameSessionOwner;
  readonly #connection: FrameConnection;
  readonly #requests: PendingRequests;
  #isStaying = false;
  #phase: Phase = { kind: "awaiting-hello" };
  #stopTimer: () => void;
  #stopPinging: () => void = () => {};

  /** Throws a RangeError for a port that is none. */
  constructor(options: FrameOptions, timings: FrameTimings, owner: FrameSessionOwner) {
    this.#options = options;
    this.#timings = timings;
    this.#owner = owner;
    this.#requests = new PendingRequests(timings.answer, {
      send: (frame) => this.#connection.send(frame),
      giveUp: (why) => this.#connection.abandon(why),
    });
    this.#connection = new FrameConnection(options.server, options.open ?? openTcp, {
      heard: () => this.#heard(),
      frame: (text) => this.#frame(decodeFromServer(text)),
      ended: (end) => this.#ended(end),
    });
    this.#stopTimer = after(timings.setUp, () => this.#connection.abandon({ kind: "silent" }));
  }

  async request<T extends RequestType>(type: T, body: RequestBody<T>): Promise<Answer<ReplyBody<T>>> {
    if (this.#phase.kind !== "online") return { kind: "not-sent", why: "offline" };
    return this.#requests.ask(type, body);
  }

  hold(): () => void {
    return this.#connection.hold();
  }

  /** Makes room for another connection. */
  again(): void {
    this.#owner.again();
    this.#connection.abandon({ kind: "closed" });
  }

  leave(): void {
    if (this.#phase.kind !== "online") {
      this.#connection.abandon({ kind: "left" });
      return;
    }
    this.#phase = { kind: "leaving" };
    this.#connection.finish(this.#timings.goodbye);
  }

  /** A quiet server is asked for a sign of life, and a talking one is not. */
  #heard(): void {
    this.#stopPinging();
    if (this.#phase.kind !== "online" && !this.#isStaying) return;
    const { quiet, answer } = this.#timings;
    this.#stopPinging = after(quiet, () => {
      this.#connection.ping();
      this.#stopPinging = after(answer, () => this.#connection.abandon({ kind: "silent" }));
    });
  }

  #frame(frame: DecodedFromServer): void {
    switch (frame.kind) {
      case "push":
        this.#push(frame.push);
        return;
      case "reply":
        if (!this.#requests.answer(frame.id, frame.body)) this.#connection.abandon(NOT_FRAMES);
        return;
      case "refused":
        if (!this.#requests.refuse(frame.id, frame.refusal)) this.#connection.abandon(NOT_FRAMES);
        return;
      case "invalid":
        this.#connection.abandon(NOT_FRAMES);
        return;
      case "unknown":
      // A newer server's.
    }
  }

  #push(push: Push): void {
    switch (push.type) {
      case "hello":
        if (this.#phase.kind === "awaiting-hello") void this.#introduce(push);
        else this.#connection.abandon(NOT_FRAMES);
        return;
      case "ended":
        if (push.cause.kind === "refused") this.#options.onRefused?.(push.cause.refusal);
        this.#connection.abandon(this.#phase.kind === "online" && mayPass(push.cause) ? CLOSED : endOf(push.cause));
        return;
      case "operator":
        this.#owner.operator(push.operator);
        return;
      case "presence":
      case "said":
      case "told":
      case "entry":
      case "group":
      case "removal-due":
      case "reached":
      case "turn":
      case "joiners":
      case "packages-low":
      case "moderated":
      case "confirmed":
      case "device-waits":
      case "devices":
        this.#owner.event({ kind: "push", push });
    }
  }

  async #introduce(hello: ServerHello): Promise<void> {
    if (hello.version < VERSION) {
      this.#connection.abandon({ kind: "refused", error: { reason: "unsupported" } });
      return;
    }
    this.#phase = { kind: "introducing", hello };
    const { name, client, device } = this.#options;
    const own = await proveDevice(device, hello, {
      request: async (type, request) => await this.#requests.ask(type, request),
      stay: () => this.#stay(),
    });
    if (this.#phase.kind !== "introducing") return;
    if (own === "again") {
      this.again();
      return;
    }
    if (own === "later") {
      this.#connection.abandon({ kind: "broken", code: "no proof" });
      return;
    }
    if (own === "failed") {
      this.#connection.abandon({ kind: "refused", error: { reason: "other", text: "no proof of this device" } });
      return;
    }
    const body = { version: VERSION, features: [...FEATURES], client, name, device: own };
    const answer = await this.#requests.ask("hello", body);
    if (answer.kind === "answered") this.#welcomed(hello, answer.value);
    else if (answer.kind === "refused") {
      const comesAgain = (await this.#options.refused?.(answer.refusal).catch(() => false)) === true;
      if (comesAgain) {
        this.again();
        return;
      }
      this.#options.onRefused?.(answer.refusal);
      this.#connection.abandon({ kind: "refused", error: refusalOf(answer.refusal) });
    }
  }

  #stay(): void {
    if (this.#phase.kind !== "introducing") return;
    this.#isStaying = true;
    this.#stopTimer();
    this.#heard();
  }

  #welcomed(hello: ServerHello, reply: ReplyBody<"hello">): void {
    if (this.#phase.kind !== "introducing") return;
    this.#phase = { kind: "online" };
    this.#stopTimer();
    this.#heard();
    this.#requests.allow(hello.limits.requests);
    this.#owner.event({ kind: "welcomed", hello, reply });
    this.#owner.online(reply.operator);
  }

  #ended(end: ConnectionEnd): void {
    this.#stopTimer();
    this.#stopPinging();
    this.#phase = { kind: "over" };
    this.#requests.end(end);
    this.#owner.ended(end);
  }
}

async function proveDevice(device: FrameOptions["device"], hello: ServerHello, before: BeforeHello) {
  try {
    return (await device?.(hello, before)) ?? null;
  } catch {
    return "failed";
  }
}

type EndedCause = Extract<Push, { type: "ended" }>["cause"];

const CLOSED: ConnectionEnd = { kind: "closed" };

/**
 * Whether it is of this connection alone. That the person's user key is another one than the one that this connection said hello under: the
 * device may have a record under that by now, and if it hasn't, its next hello is refused.
 */
function mayPass(cause: EndedCause): boolean {
  return cause.kind === "refused" && cause.refusal?.reason === "other-user-key";
}

function endOf(cause: EndedCause): ConnectionEnd {
  switch (cause.kind) {
    case "left":
    case "stopping":
      return CLOSED;
    case "too-slow":
      return { kind: "refused", error: { reason: "too-slow" } };
    case "kicked":
    case "banned":
      return cause.reason === null ? { kind: cause.kind } : { kind: cause.kind, reason: cause.reason };
    case "refused":
      return { kind: "refused", error: refusalOf(cause.refusal) };
  }
}
