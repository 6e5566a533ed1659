import type { Socket } from "node:net";
import { Channel } from "../wire/channel.ts";
import { firstLine, readFirst, readFromFace, replyLine, toldLine } from "../wire/messages.ts";
import type { AgentStatus, AttachReply, Bye, ControlReply, First, FromFace, StopWhen } from "../wire/messages.ts";
import { LONGEST_FROM_AGENT, LONGEST_FROM_FACE, PROTOCOL } from "../wire/version.ts";
import { answer } from "./answer.ts";
import { refusedToGuest } from "./guests.ts";
import type { FaceRights } from "./guests.ts";
import type { Life } from "./life.ts";
import type { Found, Wanted } from "./lives.ts";

/** With whether it shows `#everyone`. */
type Attaching = Extract<FromFace, { kind: "attach" }>["body"];

/** What a connection asks of the agent. */
export interface FaceOwner {
  readonly rights: FaceRights;
  readonly first: First;
  find(wanted: Wanted): Promise<Found>;
  status(): Promise<AgentStatus>;
  forget(server: Wanted["server"]): ControlReply<"forget">["kind"];
  /** Whose device may be another one now. */
  revive(life: Life): void;
  stop(when: StopWhen, asker: FaceConnection): ControlReply<"stop">["kind"];
  /** Whoever is attached counts as a face. */
  attached(face: FaceConnection): void;
  ended(face: FaceConnection, why: string): void;
  failed(error: unknown): void;
}

/** Requests of one face that are answered at once; what is behind them is read later. */
const MOST_REQUESTS = 256;

/** One connection to the agent's socket: a face, or somebody who asks how the agent is. */
export class FaceConnection {
  readonly #owner: FaceOwner;
  readonly #channel: Channel;
  #speaks: "unknown" | "our-protocol" | "another" = "unknown";
  /** Begins with the request, so that there is one at most. */
  #isAttaching = false;
  #life: Life | null = null;
  #running = 0;
  #resume: (() => void) | null = null;
  #isOver = false;

  constructor(socket: Socket, owner: FaceOwner) {
    this.#owner = owner;
    this.#channel = new Channel(socket, LONGEST_FROM_FACE, {
      line: (line) => this.#line(line),
      ended: (why) => this.#ended(why),
    });
    this.#channel.send(firstLine(owner.first));
  }

  get rights(): FaceRights {
    return this.#owner.rights;
  }

  get isAttaching(): boolean {
    return this.#isAttaching;
  }

  get isAttached(): boolean {
    return this.#life !== null;
  }

  send(line: string): void {
    this.#channel.send(line);
  }

  bye(why: Bye): void {
    this.#channel.send(toldLine({ bye: why }));
    this.#channel.finish(why);
  }

  #line(line: string): void {
    if (this.#speaks === "unknown") {
      const first = readFirst(line);
      if (first === null) this.bye("not-understood");
      else this.#speaks = first.protocol === PROTOCOL ? "our-protocol" : "another";
      return;
    }
    const request = readFromFace(line);
    const isUnderstood = request !== null && (this.#speaks === "our-protocol" || request.kind === "stop");
    if (
      !isUnderstood ||
      (request.kind === "attach" && this.#isAttaching) ||
      (request.kind === "chat" && this.#life === null)
    ) {
      this.bye("not-understood");
      return;
    }
    void this.#answer(request);
  }

  /** In whatever order the answers come. */
  async #answer(request: FromFace): Promise<void> {
    this.#running += 1;
    if (this.#running >= MOST_REQUESTS) this.#resume ??= this.#channel.pause();
    try {
      this.#reply(request.id, await this.#carryOut(request));
      if (request.kind === "chat" && BEGINS.has(request.name) && this.#life !== null) {
        this.#owner.revive(this.#life);
      }
    } catch (error) {
      // A fault of ours. Who asked sees the connection end, and asks the next one.
      this.#owner.failed(error);
      this.#channel.end("our fault");
    } finally {
      this.#running -= 1;
      if (this.#running < MOST_REQUESTS) {
        this.#resume?.();
        this.#resume = null;
      }
    }
  }

  async #carryOut(request: FromFace): Promise<unknown> {
    switch (request.kind) {
      case "attach":
        this.#isAttaching = true;
        return await this.#attach(request.body);
      case "status":
        return await this.#owner.status();
      case "ping":
        return { kind: "here" };
      case "forget":
        return { kind: this.#owner.forget(request.body.server) };
      case "stop":
        return { kind: this.#owner.stop(request.body.when, this) };
      case "chat":
        if (this.#life === null) return null;
        return refusedToGuest(this.#owner.rights, request) ?? (await answer(this.#life.chat, request));
    }
  }

  async #attach(wanted: Attaching): Promise<AttachReply> {
    const found = await this.#owner.find(wanted);
    if ("reply" in found) {
      this.#isAttaching = false;
      return found.reply;
    }
    const { life } = found;
    life.expectNoMore();
    if (wanted.comesIn) life.comeIn();
    if (!this.#isOver) {
      this.#life = life;
      life.attach(this);
      this.#owner.attached(this);
    }
    return { kind: "attached", name: life.chat.me };
  }

  #reply(id: number, reply: unknown): void {
    const line = replyLine(id, reply);
    const isTooLong = Buffer.byteLength(line) > LONGEST_FROM_AGENT;
    this.#channel.send(isTooLong ? replyLine(id, TOO_LONG) : line);
  }

  #ended(why: string): void {
    this.#isOver = true;
    this.#life?.detach(this);
    this.#owner.ended(this, why);
  }
}

/** After which a device that has ended may be another one. */
const BEGINS: ReadonlySet<string> = new Set(["newDevice", "resetDevices", "importDevice"]);

const TOO_LONG = { kind: "refused", error: { reason: "own-device", text: "that is more than can be shown at once" } };
