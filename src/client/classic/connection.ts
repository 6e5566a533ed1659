import type { Duplex } from "node:stream";
import type { ServerAddress } from "../transport/index.ts";
import { LineReader } from "./line-reader.ts";
import type { Open } from "../transport/index.ts";
import type { ConnectionEnd } from "../outcomes.ts";

/** Bytes: what a reader of ours takes in one line (PROTOCOL.md). */
const LINE_LIMIT = 256 * 1024;

/** What a connection tells its owner. Nothing is told after `ended`, and `ended` once. */
export interface ConnectionOwner {
  opened(): void;
  /** Bytes have come, whether they end a line or not. */
  heard(): void;
  line(text: string): void;
  ended(end: ConnectionEnd): void;
}

/** A connection as lines, whatever it goes over. */
export class Connection {
  readonly #owner: ConnectionOwner;
  readonly #reader = new LineReader(LINE_LIMIT);
  readonly #over = new AbortController();
  /** Null until it is open. */
  #stream: Duplex | null = null;
  #end: ConnectionEnd = { kind: "closed" };

  /** Throws what `open` throws before it gives its promise. */
  constructor(address: ServerAddress, open: Open, owner: ConnectionOwner) {
    this.#owner = owner;
    open(address, this.#over.signal).then(
      (stream) => this.#opened(stream),
      (error: unknown) => this.abandon({ kind: "unreachable", code: codeOf(error) }),
    );
  }

  write(lines: string): void {
    this.#stream?.write(lines);
  }

  /** Writes and closes our side; what the server still says is read until it closes too, or `timeout` milliseconds are over. */
  finish(lines: string, timeout: number): void {
    this.#end = { kind: "left" };
    this.#stream?.end(lines);
    const timer = setTimeout(() => this.abandon({ kind: "left" }), timeout);
    this.#over.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  /** Ends at once, for the reason given. */
  abandon(end: ConnectionEnd): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#stream?.destroy();
    this.#owner.ended(end);
  }

  #opened(stream: Duplex): void {
    stream.on("error", (error) => {
      if (this.#end.kind !== "left") this.#end = { kind: "broken", code: codeOf(error) };
    });
    if (this.#over.signal.aborted) {
      stream.destroy();
      return;
    }
    this.#stream = stream;
    if (stream.destroyed) {
      this.abandon(this.#end);
      return;
    }
    stream.on("close", () => this.abandon(this.#end));
    // A stream gives text only when an encoding is set.
    stream.on("data", (chunk) => typeof chunk !== "string" && this.#read(chunk));
    this.#owner.opened();
  }

  #read(chunk: Uint8Array): void {
    if (this.#over.signal.aborted) return;
    this.#owner.heard();
    const { lines, overflow } = this.#reader.read(chunk);
    for (const line of lines) {
      // Any line may end the connection, and what stands after it is then nobody's.
      if (this.#over.signal.aborted) return;
      this.#owner.line(line);
    }
    if (overflow) this.abandon({ kind: "oversized" });
  }
}

/** The system's word for it, such as ECONNREFUSED, where the error has one. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "UNKNOWN";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
