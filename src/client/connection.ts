import { connect } from "node:net";
import type { Socket } from "node:net";
import type { ServerAddress } from "./address.ts";
import { LineReader } from "./line-reader.ts";
import type { ConnectionEnd } from "./outcomes.ts";

/** Bytes: what a reader of ours takes in one line (PROTOCOL.md). */
const LINE_LIMIT = 256 * 1024;
/** Milliseconds of quiet before the system asks the other machine whether it is there. */
const KEEP_ALIVE = 30_000;

/** What a connection tells its owner. Nothing is told after `ended`, and `ended` once. */
export interface ConnectionOwner {
  opened(): void;
  /** Bytes have come, whether they end a line or not. */
  heard(): void;
  line(text: string): void;
  ended(end: ConnectionEnd): void;
}

/** A TCP connection as lines. */
export class Connection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader = new LineReader(LINE_LIMIT);
  #end: ConnectionEnd = { kind: "closed" };
  #opened = false;
  #over = false;

  constructor(address: ServerAddress, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#socket = connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE });
    this.#socket.on("connect", () => {
      this.#opened = true;
      owner.opened();
    });
    // Text only comes from a socket with an encoding set.
    this.#socket.on("data", (chunk) => typeof chunk !== "string" && this.#read(chunk));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#end.kind === "left") return;
      this.#end = { kind: this.#opened ? "broken" : "unreachable", code: error.code ?? error.name };
    });
    this.#socket.on("close", () => this.abandon(this.#end));
  }

  write(lines: string): void {
    this.#socket.write(lines);
  }

  /** Writes and closes our side; what the server still says is read until it closes too, or `patience` is over. */
  finish(lines: string, patience: number): void {
    this.#end = { kind: "left" };
    this.#socket.end(lines);
    const timer = setTimeout(() => this.abandon({ kind: "left" }), patience);
    this.#socket.on("close", () => clearTimeout(timer));
  }

  /** Ends at once, for the reason given. */
  abandon(end: ConnectionEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.destroy();
    this.#owner.ended(end);
  }

  #read(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#owner.heard();
    const { lines, overflow } = this.#reader.read(chunk);
    for (const line of lines) {
      // Any line may end the connection, and what stands behind it is then nobody's.
      if (this.#over) return;
      this.#owner.line(line);
    }
    if (overflow) this.abandon({ kind: "overlong-line" });
  }
}
