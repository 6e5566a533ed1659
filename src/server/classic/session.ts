import type { Socket } from "node:net";
import type { Command } from "../../core/commands.ts";
import type { Decision } from "../../core/decision.ts";
import type { SessionId } from "../../core/events.ts";
import type { Notice } from "../../core/notices.ts";
import { LineConnection } from "../../net/line-connection.ts";
import type { CloseReason } from "../../net/close-reason.ts";
import { decodeClientLine, type ClientValue, type KeyReading } from "../../wire/classic/client-lines.ts";
import { sharedKey, type KeyPair } from "../../wire/classic/key-exchange.ts";
import type { RateLimit } from "../rate-limit.ts";
import type { SessionPort } from "../sessions.ts";
import { PreKeyQueue } from "./pre-key-queue.ts";
import { invalid, toCommand } from "./inbound.ts";
import type { ClassicOutput } from "./outbound.ts";
import type { Scratch } from "./scratch.ts";

/** What a session starts with. */
export interface Newcomer {
  readonly id: SessionId;
  readonly socket: Socket;
  /** When it connected, in milliseconds of `now`: the time to REGISTER runs from there. */
  readonly since: number;
  readonly limit: RateLimit;
}

/** What every classic session shares. */
export interface ClassicServices {
  readonly keyPair: KeyPair;
  readonly encode: (notice: Notice) => ClassicOutput;
  readonly scratch: Scratch;
  readonly post: (command: Command, settle?: (decision: Decision) => void) => void;
  readonly maxLine: number;
  readonly maxQueue: number;
  /** Milliseconds for REGISTER, and again for the key behind it. */
  readonly registerTimeout: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** One classic connection: lines in, commands out; notices in, lines out. Who its session is, only the core knows. */
export class ClassicSession implements SessionPort {
  readonly #id: SessionId;
  readonly #services: ClassicServices;
  readonly #limit: RateLimit;
  readonly #connection: LineConnection;
  #reading: KeyReading | null = null;
  /** What lines are read with; it may turn out that it was sent too early. */
  #key: Uint8Array | null = null;
  /** The last key that was accepted. */
  #agreedKey: Uint8Array | null = null;
  readonly #preKeyQueue: PreKeyQueue;
  #outputs: ClassicOutput[] = [];
  #ending = false;
  #deadline: NodeJS.Timeout | null = null;

  constructor(
    { id, socket, since, limit }: Newcomer,
    services: ClassicServices,
    onClose: (reason: CloseReason) => void,
  ) {
    this.#id = id;
    this.#services = services;
    this.#limit = limit;
    this.#preKeyQueue = new PreKeyQueue(services.maxQueue);
    this.#startDeadline(Math.max(0, since + services.registerTimeout - services.now()));
    this.#connection = new LineConnection(socket, {
      lineLimit: services.maxLine,
      queueLimit: services.maxQueue,
      onLine: (line) => this.#onLine(line),
      onTooLong: () => this.#post({ kind: "end", session: id, refusal: { reason: "line-too-long" } }),
      onEnd: () => this.#post({ kind: "end", session: id, refusal: null }),
      onClose: (reason) => {
        this.#stopTimers();
        this.#post({ kind: "end", session: id, refusal: null });
        onClose(reason);
      },
    });
  }

  get queued(): number {
    return this.#connection.queued + this.#preKeyQueue.bytes;
  }

  hear(notice: Notice): void {
    const output = this.#services.encode(notice);
    if (!this.#preKeyQueue.isOpen && isMessage(notice)) {
      if (!this.#preKeyQueue.keep(output)) this.#connection.destroy();
      return;
    }
    this.#outputs.push(output);
    if (notice.kind === "registered") this.#startDeadline(this.#services.registerTimeout);
    else if (notice.kind === "ended") this.#ending = true;
    else if (notice.kind === "answer" && notice.answer.kind === "ready") this.#becomeReady();
  }

  flush(): void {
    if (this.#outputs.length > 0) {
      this.#services.scratch.send(this.#connection, this.#outputs);
      this.#outputs = [];
    }
    if (!this.#ending) return;
    this.#stopTimers();
    this.#connection.end();
  }

  close(): void {
    this.#outputs.push(...this.#preKeyQueue.settling);
    this.#ending = true;
    this.flush();
  }

  #onLine(line: Uint8Array): void {
    const { reading, value } = decodeClientLine(this.#reading, line);
    this.#reading = reading;
    if (value === null) return;
    switch (value.kind) {
      case "public-key":
        this.#agree(sharedKey(this.#services.keyPair, value.key));
        return;
      case "invalid-key":
        this.#agree(null);
        return;
      case "exit":
        this.#post({ kind: "end", session: this.#id, refusal: null });
        return;
      case "broadcast":
      case "direct":
        this.#say(value);
        return;
      default:
        this.#post(toCommand(this.#id, value, this.#key));
    }
  }

  /** The flood limit comes before the cipher: a message too many costs next to nothing. */
  #say(value: Extract<ClientValue, { kind: "broadcast" | "direct" }>): void {
    this.#post(
      this.#limit.take(this.#services.now())
        ? toCommand(this.#id, value, this.#key)
        : invalid(this.#id, { reason: "too-many-messages" }, "registration"),
    );
  }

  /** The key holds at once, for the lines right behind it; who may not exchange keys yet loses it again. */
  #agree(key: Uint8Array | null): void {
    if (key === null) {
      this.#post({ kind: "end", session: this.#id, refusal: { reason: "invalid-key" } });
      return;
    }
    this.#key = key;
    this.#post({ kind: "ready", session: this.#id }, (decision) => {
      if (decision.kind !== "refused") this.#agreedKey = key;
      else if (this.#key === key) this.#key = this.#agreedKey;
    });
  }

  #post(command: Command, settle?: (decision: Decision) => void): void {
    this.#services.post(command, settle);
  }

  #becomeReady(): void {
    this.#stopDeadline();
    this.#preKeyQueue.settle((held) => {
      this.#outputs.push(...held);
      this.flush();
    });
  }

  #startDeadline(milliseconds: number): void {
    this.#stopDeadline();
    this.#deadline = setTimeout(
      () => this.#post({ kind: "end", session: this.#id, refusal: { reason: "timed-out" } }),
      milliseconds,
    );
  }

  #stopDeadline(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
  }

  #stopTimers(): void {
    this.#stopDeadline();
    this.#preKeyQueue.stop();
  }
}

/** What others say, and what the session didn't ask for; answers to its own commands are never held. */
function isMessage(notice: Notice): boolean {
  return notice.kind === "broadcast" || notice.kind === "direct" || notice.kind === "operator-changed";
}
