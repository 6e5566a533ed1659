import { encodeClientLine } from "../../wire/classic/client-lines.ts";
import { createKeyPair, sharedKey } from "../../wire/classic/key-exchange.ts";
import { decodeServerLine } from "../../wire/classic/server-lines.ts";
import type { ServerLine } from "../../wire/classic/server-lines.ts";
import { errorOf } from "./blocks.ts";
import { signOfLife } from "./commands.ts";
import type { Command } from "./commands.ts";
import { Connection } from "./connection.ts";
import type { SessionEvent } from "./events.ts";
import { PendingRequests } from "./pending-requests.ts";
import { refused } from "./refusals.ts";
import { advanceHandshake } from "./handshake.ts";
import type { Handshake } from "./handshake.ts";
import { isFarewell, messageEvent } from "./incoming.ts";
import { openTcp } from "../transport/index.ts";
import type { Answered, ConnectionEnd, Failure, Taken } from "../outcomes.ts";
import type { ConnectOptions } from "./pad-client.ts";
import type { Timings } from "./timings.ts";

/** What a session tells its owner. `ended` is told once, and nothing after it. */
export interface SessionOwner {
  registered(operator: boolean): void;
  event(event: SessionEvent): void;
  ended(end: ConnectionEnd): void;
}

type Phase =
  | { readonly kind: "setting-up"; readonly handshake: Handshake }
  | { readonly kind: "online"; readonly key: Uint8Array }
  /** Has said EXIT: only answers still under way are read. */
  | { readonly kind: "leaving" }
  | { readonly kind: "over" };

/** UTF-16 units of a line that nobody asked for; more would help nobody. */
const LONGEST_NOTICE = 4096;

/** One connection's life, from its first packet to its end: registers, exchanges keys, asks and listens. */
export class Session {
  readonly #id: string;
  readonly #timings: Timings;
  readonly #owner: SessionOwner;
  readonly #connection: Connection;
  readonly #requests: PendingRequests;
  #phase: Phase = { kind: "setting-up", handshake: { kind: "awaiting-registered" } };
  /** Before it is registered: runs out. Then: fires after quiet. */
  #timer: NodeJS.Timeout;

  /** Throws a RangeError for an id that is not one word, or a port that is none. */
  constructor({ server, id, open = openTcp }: ConnectOptions, timings: Timings, owner: SessionOwner) {
    const register = encodeClientLine({ kind: "register", id });
    this.#id = id;
    this.#timings = timings;
    this.#owner = owner;
    this.#requests = new PendingRequests({ line: timings.answer, whole: timings.wholeAnswer }, (why) =>
      this.#connection.abandon(why),
    );
    this.#connection = new Connection(server, open, {
      opened: () => this.#connection.write(register),
      heard: () => this.#heard(),
      line: (text) => this.#line(text),
      ended: (end) => this.#ended(end),
    });
    this.#timer = setTimeout(() => this.#connection.abandon({ kind: "silent" }), timings.setUp);
  }

  /** Sends a command at once, and resolves with its answer. `not-sent` unless registered. */
  async ask<T extends Taken | Answered<unknown>>(command: Command<T>): Promise<T | Failure> {
    if (this.#phase.kind !== "online") return { kind: "not-sent", why: "offline" };
    this.#connection.write(command.lines(this.#phase.key));
    const result = await this.#requests.add(command.answer);
    // No longer of use to anybody: a new connection registers again.
    if (result.kind === "unknown" && result.why.kind === "forgotten") this.#connection.abandon(result.why);
    return result;
  }

  leave(): void {
    if (this.#phase.kind === "setting-up") this.#connection.abandon({ kind: "left" });
    if (this.#phase.kind !== "online") return;
    this.#forgetKey();
    this.#phase = { kind: "leaving" };
    this.#connection.finish(encodeClientLine({ kind: "exit" }), this.#timings.goodbye);
  }

  #heard(): void {
    if (this.#phase.kind === "online") this.#timer.refresh();
  }

  #line(text: string): void {
    const line = decodeServerLine(text);
    if (this.#phase.kind === "leaving") this.#requests.receive(line, text.length);
    else if (!this.#othersDoing(line)) this.#ownLine(line, text);
  }

  /** Lines that others cause: they may come at any moment, even within an answer or before we are registered. */
  #othersDoing(line: ServerLine): boolean {
    switch (line.kind) {
      case "broadcast":
      case "message":
        this.#owner.event(messageEvent(line, this.#id, this.#phase.kind === "online" ? this.#phase.key : null));
        return true;
      case "you-were-kicked":
        this.#owner.event({ kind: "kicked" });
        this.#connection.abandon({ kind: "kicked" });
        return true;
      case "you-were-banned":
        this.#owner.event({ kind: "banned" });
        this.#connection.abandon({ kind: "banned" });
        return true;
      default:
        return false;
    }
  }

  #ownLine(line: ServerLine, text: string): void {
    if (this.#phase.kind === "setting-up") this.#setUp(this.#phase.handshake, line);
    else if (line.kind === "registered") this.#owner.event({ kind: "operator", operator: line.operator });
    else if (line.kind !== "public-key-received") this.#answer(line, text);
  }

  #setUp(handshake: Handshake, line: ServerLine): void {
    const step = advanceHandshake(handshake, line);
    switch (step.kind) {
      case "more":
        this.#phase = { kind: "setting-up", handshake: step.next };
        return;
      case "complete":
        this.#exchangeKeys(step.serverKey, step.operator);
        return;
      case "refused":
      case "not-padserve":
        this.#connection.abandon(step);
    }
  }

  /** Online at once: the server reads our key before whatever we send behind it, and generation 1 never acknowledges. */
  #exchangeKeys(serverKey: Uint8Array, operator: boolean): void {
    const pair = createKeyPair();
    const key = sharedKey(pair, serverKey);
    if (key === null) {
      this.#connection.abandon({ kind: "not-padserve" });
      return;
    }
    this.#connection.write(encodeClientLine({ kind: "public-key", key: pair.publicKey }));
    this.#phase = { kind: "online", key };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#probe(), this.#timings.quiet);
    this.#owner.registered(operator);
  }

  #answer(line: ServerLine, text: string): void {
    const error = errorOf(line);
    if (error !== null && isFarewell(error)) this.#connection.abandon(refused(error));
    else if (!this.#requests.receive(line, text.length) && text.trim() !== "") {
      this.#owner.event({ kind: "notice", text: text.trimEnd().slice(0, LONGEST_NOTICE) });
    }
  }

  /** A server that has vanished doesn't answer, and then the answer's own time-out ends the connection. */
  #probe(): void {
    this.#timer.refresh();
    void this.ask(signOfLife(this.#id));
  }

  #ended(end: ConnectionEnd): void {
    clearTimeout(this.#timer);
    this.#forgetKey();
    this.#phase = { kind: "over" };
    this.#requests.end(end);
    this.#owner.ended(end);
  }

  #forgetKey(): void {
    if (this.#phase.kind === "online") this.#phase.key.fill(0);
  }
}
