import { decodeReply } from "../../wire/frames/server-frames.ts";
import type { Refusal } from "../../wire/frames/refusals.ts";
import { encodeRequest } from "../../wire/frames/client-frames.ts";
import type { ReplyBody, Request, RequestBody, RequestType } from "../../wire/frames/requests.ts";
import type { ConnectionEnd } from "../index.ts";
import { after } from "../transport/index.ts";
import type { Answer } from "./frames-client.ts";

/** Requests that wait for room on the server, and the bytes of their frames: what is more is `busy` at once. */
const MOST_WAITING = 1024;
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

interface Pending {
  /** False: the server has said something else. */
  answer(body: unknown): boolean;
  refuse(refusal: Refusal | null): void;
  end(why: ConnectionEnd): void;
}

interface Waiting extends Pending {
  readonly frame: string;
  readonly id: number;
  drop(): void;
}

/** What the requests of one connection need of it. */
export interface RequestsOwner {
  send(frame: string): void;
  /** An answer took longer than any, or was none. */
  giveUp(why: ConnectionEnd): void;
}

/** The requests of one connection: those that are asked, by their ids, and those that wait for one of them to be answered. */
export class PendingRequests {
  readonly #asked = new Map<number, Pending & { readonly stopTimer: () => void }>();
  readonly #waiting: Waiting[] = [];
  readonly #owner: RequestsOwner;
  /** Milliseconds. */
  readonly #timeout: number;
  #most = 1;
  #bytes = 0;
  #next = 0;
  #isOver = false;

  constructor(timeout: number, owner: RequestsOwner) {
    this.#timeout = timeout;
    this.#owner = owner;
  }

  /** How many the server takes at once. */
  allow(most: number): void {
    this.#most = Math.max(1, Math.min(most, MOST_WAITING));
    this.#askNext();
  }

  ask<T extends RequestType>(type: T, body: RequestBody<T>): Promise<Answer<ReplyBody<T>>> {
    // Nobody would ever answer it.
    if (this.#isOver) return Promise.resolve({ kind: "not-sent", why: "offline" });
    const { promise, resolve } = Promise.withResolvers<Answer<ReplyBody<T>>>();
    const id = this.#next++;
    // The table pairs each type with its body; the compiler can't follow that through a type parameter.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const frame = encodeRequest({ id, type, body } as unknown as Request);
    if (this.#waiting.length >= MOST_WAITING || this.#bytes + frame.length > MOST_WAITING_BYTES) {
      return Promise.resolve({ kind: "not-sent", why: "busy" });
    }
    this.#bytes += frame.length;
    this.#waiting.push({
      id,
      frame,
      answer: (answered) => {
        const value = decodeReply(type, answered);
        if (value !== null) resolve({ kind: "answered", value });
        return value !== null;
      },
      refuse: (refusal) => resolve({ kind: "refused", refusal }),
      end: (why) => resolve({ kind: "unknown", why }),
      drop: () => resolve({ kind: "not-sent", why: "offline" }),
    });
    this.#askNext();
    return promise;
  }

  /** Whether a reply belongs to a request, and is what its type may be answered. */
  answer(id: number, body: unknown): boolean {
    const request = this.#asked.get(id);
    if (request?.answer(body) !== true) return false;
    this.#settled(id);
    return true;
  }

  refuse(id: number, refusal: Refusal | null): boolean {
    const request = this.#asked.get(id);
    if (request === undefined) return false;
    request.refuse(refusal);
    this.#settled(id);
    return true;
  }

  /** Nothing more will come: what was asked is unknown, and what waited was not sent. */
  end(why: ConnectionEnd): void {
    this.#isOver = true;
    for (const request of this.#asked.values()) {
      request.stopTimer();
      request.end(why);
    }
    this.#asked.clear();
    for (const request of this.#waiting.splice(0)) request.drop();
    this.#bytes = 0;
  }

  #settled(id: number): void {
    this.#asked.get(id)?.stopTimer();
    this.#asked.delete(id);
    this.#askNext();
  }

  #askNext(): void {
    while (this.#asked.size < this.#most) {
      const request = this.#waiting.shift();
      if (request === undefined) return;
      this.#bytes -= request.frame.length;
      const stopTimer = after(this.#timeout, () => this.#owner.giveUp({ kind: "silent" }));
      this.#asked.set(request.id, { ...request, stopTimer });
      this.#owner.send(request.frame);
    }
  }
}
