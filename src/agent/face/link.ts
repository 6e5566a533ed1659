import { connect } from "node:net";
import type { Socket } from "node:net";
import { Channel } from "../wire/channel.ts";
import { askLine, firstLine, readControlReply, readFirst, readFromAgent, readReply } from "../wire/messages.ts";
import type { ControlName, ControlReply, First, FromAgent } from "../wire/messages.ts";
import { packageVersion } from "../../disk/package-version.ts";
import type { Asks, Gives, RequestName } from "../wire/requests.ts";
import { LONGEST_FROM_AGENT, PROTOCOL } from "../wire/version.ts";

/** Why there is no more to come from this agent. `gone`: it died, or let go of this face. */
export type LinkEnd = "gone" | "stopped" | "not-understood" | "too-many";

export type Linked =
  | { readonly kind: "linked"; readonly link: Link }
  /** Nobody listens. */
  | { readonly kind: "absent" }
  /** Somebody does, or the system doesn't let us ask. */
  | { readonly kind: "broken"; readonly code: string };

export type Told = Exclude<FromAgent, { id: unknown } | { bye: unknown }>;

interface Waiting {
  /** Whether the answer was one. */
  readonly answered: (reply: unknown) => boolean;
  readonly lost: () => void;
}

/** Milliseconds for the agent's first line. */
const GREETING = 10_000;

/** Connects, and reads the agent's first line. Never rejects. */
export async function linkTo(path: string, signal?: AbortSignal, patience = GREETING): Promise<Linked> {
  const { promise, resolve } = Promise.withResolvers<Linked>();
  const socket = connect(path);
  const give = (code: string): void => {
    socket.destroy();
    resolve(ABSENT.has(code) ? { kind: "absent" } : { kind: "broken", code });
  };
  const failed = (error: NodeJS.ErrnoException): void => give(error.code ?? error.message);
  const abort = (): void => give("ABORT_ERR");
  socket.once("error", failed);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted === true) abort();
  const timer = setTimeout(() => give("ETIMEDOUT"), patience);
  socket.once("connect", () => {
    socket.off("error", failed);
    const link: Link = new Link(
      socket,
      () => resolve({ kind: "linked", link }),
      (code) => give(code),
    );
  });
  const linked = await promise;
  clearTimeout(timer);
  signal?.removeEventListener("abort", abort);
  return linked;
}

const ABSENT = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"]);

/** One connection to an agent. */
export class Link {
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #greeted: () => void;
  readonly #notGreeted: (code: string) => void;
  #first: First | null = null;
  #next = 1;
  #end: LinkEnd = "gone";
  /** Something else than an agent. */
  #isForeign = false;
  #isOver = false;
  #isUnreferenced = false;
  /** What came before somebody listened. */
  #early: Told[] = [];
  #told: (told: Told) => void = (told) => void this.#early.push(told);
  #ended: (end: LinkEnd) => void = () => {};
  readonly #closed = Promise.withResolvers<void>();

  constructor(socket: Socket, greeted: () => void, notGreeted: (code: string) => void) {
    this.#socket = socket;
    this.#greeted = greeted;
    this.#notGreeted = notGreeted;
    this.#channel = new Channel(socket, LONGEST_FROM_AGENT, {
      line: (line) => this.#line(line),
      ended: () => this.#over(),
    });
    this.#channel.send(
      firstLine({ padserve: "face", protocol: PROTOCOL, version: packageVersion(), pid: process.pid }),
    );
  }

  /** Of the agent, once it was read. */
  get first(): First | null {
    return this.#first;
  }

  /** How it ended, if it has. */
  get end(): LinkEnd {
    return this.#end;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** All that was told on it, and its end, also those that came before. Once. */
  listen(told: (told: Told) => void, ended: (end: LinkEnd) => void): void {
    this.#told = told;
    this.#ended = ended;
    for (const early of this.#early.splice(0)) told(early);
    if (this.#isOver) ended(this.#end);
  }

  untilOver(): Promise<void> {
    return this.#closed.promise;
  }

  /** Null: the link ended before the answer. */
  async control<Name extends ControlName>(name: Name, body: object): Promise<ControlReply<Name> | null> {
    return await this.#ask(name, body, (reply) => readControlReply(name, reply));
  }

  async request<Name extends RequestName>(name: Name, body: Asks<Name>): Promise<Gives<Name> | null> {
    return await this.#ask(name, body, (reply) => readReply(name, reply));
  }

  close(): void {
    this.#channel.end("done");
  }

  /** It alone keeps no process alive, but for answers that are awaited. */
  unref(): void {
    this.#isUnreferenced = true;
    if (this.#waiting.size === 0) this.#socket.unref();
  }

  async #ask<T>(ask: string, body: object, read: (reply: unknown) => T | null): Promise<T | null> {
    if (this.#isOver) return null;
    const { promise, resolve } = Promise.withResolvers<T | null>();
    const id = this.#next++;
    this.#waiting.set(id, {
      answered: (reply) => {
        const value = read(reply);
        if (value !== null) resolve(value);
        return value !== null;
      },
      lost: () => resolve(null),
    });
    this.#socket.ref();
    this.#channel.send(askLine(id, ask, body));
    const answer = await promise;
    if (this.#isUnreferenced && this.#waiting.size === 0) this.#socket.unref();
    return answer;
  }

  #line(line: string): void {
    if (this.#first === null) {
      this.#first = readFirst(line);
      if (this.#first === null) {
        this.#isForeign = true;
        this.#channel.end("speaks another language");
      } else this.#greeted();
      return;
    }
    const read = readFromAgent(line);
    // A newer agent's words, which this face can do without.
    if (read === null) return;
    if ("bye" in read) {
      this.#end = read.bye === "ending" ? "gone" : read.bye;
      this.#channel.end("said goodbye");
      return;
    }
    if (!("id" in read)) {
      this.#told(read);
      return;
    }
    const waiting = this.#waiting.get(read.id);
    this.#waiting.delete(read.id);
    if (waiting?.answered(read.reply) === false) {
      this.#end = "not-understood";
      waiting.lost();
      this.#channel.end("an answer that is none");
    }
  }

  #over(): void {
    this.#isOver = true;
    if (this.#first === null) this.#notGreeted(this.#isForeign ? "EPROTO" : "ECONNRESET");
    for (const { lost } of this.#waiting.values()) lost();
    this.#waiting.clear();
    // An answer may have come in the same moment: whoever awaits it has it first.
    setImmediate(() => this.#ended(this.#end));
    this.#closed.resolve();
  }
}
