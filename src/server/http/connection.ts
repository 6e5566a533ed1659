import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { HttpStream } from "../../net/http-stream.ts";
import type { IdentifiedSocket } from "../acceptor.ts";
import type { RequestRate } from "./request-rates.ts";

/** Answers one request; the response may still be on its way when it resolves. */
export type Answer = (exchange: Exchange) => Promise<void>;

/** One request, its answer, and who asks: known by the connection alone. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly peer: IdentifiedSocket;
  /** The response goes on for as long as the peer reads it: no deadline for it. */
  readonly stream: () => void;
}

type State =
  /** For a whole request. */
  | { readonly kind: "expecting"; readonly deadline: NodeJS.Timeout }
  /** For the peer to have its answer. */
  | { readonly kind: "answering"; readonly deadline: NodeJS.Timeout }
  /** Not too fast. */
  | { readonly kind: "resting"; readonly timer: NodeJS.Timeout }
  /** For as long as it wants. */
  | { readonly kind: "streaming" }
  | { readonly kind: "closed" };

/** One HTTP connection: its requests are answered one at a time and no faster than its rate, each whole and read in time. */
export class HttpConnection {
  readonly peer: IdentifiedSocket;
  readonly #stream: HttpStream;
  readonly #rate: RequestRate;
  readonly #timeout: number;
  readonly #answer: Answer;
  readonly #waiting: (readonly [IncomingMessage, ServerResponse])[] = [];
  #state: State;
  #closing = false;

  /** @param timeout milliseconds for a whole request, and again for its answer to be taken. */
  constructor(stream: HttpStream, peer: IdentifiedSocket, rate: RequestRate, timeout: number, answer: Answer) {
    this.peer = peer;
    this.#stream = stream;
    this.#rate = rate;
    this.#timeout = timeout;
    this.#answer = answer;
    this.#state = { kind: "expecting", deadline: this.#deadline() };
    stream.once("close", () => this.#become({ kind: "closed" }));
    stream.once("peer-end", () => {
      // Closing the connection is how a peer ends an endless answer.
      if (this.#state.kind === "streaming") stream.destroy();
    });
  }

  /** A request came, perhaps before the last one is answered. */
  take(request: IncomingMessage, response: ServerResponse): void {
    this.#waiting.push([request, response]);
    if (this.#state.kind === "expecting") this.#next();
  }

  /**
   * The peer asks to speak another protocol. Gives the socket, which is the caller's from now on; null: it may not now, because
   * of what it asked before or how often it asks, and is closed.
   */
  detach(): Socket | null {
    if (this.#state.kind !== "expecting" || this.#closing || !this.#rate.admit()) {
      this.#stream.destroy();
      return null;
    }
    this.#become({ kind: "closed" });
    return this.#stream.detach();
  }

  /** The server ends: what is being answered is finished, and nothing else is. A stream's owner ends it. */
  close(): void {
    this.#closing = true;
    if (this.#state.kind !== "answering" && this.#state.kind !== "streaming") this.#stream.destroy();
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#become({ kind: "expecting", deadline: this.#deadline() });
      this.#stream.release();
      return;
    }
    const owed = this.#rate.charge();
    if (owed === 0) this.#serve(...next);
    else {
      this.#stream.hold();
      this.#become({ kind: "resting", timer: setTimeout(() => this.#serve(...next), owed) });
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#closing || this.#stream.destroyed) {
      this.#stream.destroy();
      return;
    }
    this.#become({ kind: "answering", deadline: this.#deadline() });
    // The whole request was read: the next one waits until this one is answered.
    if (request.readableEnded) this.#stream.hold();
    else request.once("end", () => this.#stream.hold());
    response.once("close", () => {
      if (this.#state.kind === "closed") return;
      if (this.#closing || !response.writableFinished) this.#stream.destroy();
      else this.#next();
    });
    const stream = (): void => this.#become({ kind: "streaming" });
    this.#answer({ request, response, peer: this.peer, stream }).catch(() => this.#stream.destroy());
  }

  #become(state: State): void {
    switch (this.#state.kind) {
      case "expecting":
      case "answering":
        clearTimeout(this.#state.deadline);
        break;
      case "resting":
        clearTimeout(this.#state.timer);
        break;
      case "streaming":
      case "closed":
    }
    this.#state = state;
  }

  #deadline(): NodeJS.Timeout {
    return setTimeout(() => this.#stream.destroy(), this.#timeout);
  }
}
