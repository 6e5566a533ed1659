import { isIPv6, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { CLIENT_HEADER, MAX_FRAME, PATH, SUBPROTOCOL } from "../../wire/frames/version.ts";
import type { ConnectionEnd } from "../index.ts";
import type { Open, ServerAddress } from "../transport/index.ts";

/** Bytes that may wait for the server to read them; a server that reads nothing is dropped. */
const MOST_UNSENT = 16 * 1024 * 1024;

/** What a connection tells its owner. Nothing is told after `ended`, and `ended` once. */
export interface FrameConnectionOwner {
  /** Something has come, a frame or a sign of life. */
  heard(): void;
  frame(text: string): void;
  ended(end: ConnectionEnd): void;
}

/** A WebSocket to a server's `/frames`, as frames of text (RFC 6455). */
export class FrameConnection {
  readonly #owner: FrameConnectionOwner;
  readonly #over = new AbortController();
  /** Null until there is a connection to make one on. */
  #webSocket: WebSocket | null = null;
  #end: ConnectionEnd = { kind: "closed" };
  #holds = 0;

  /** Throws what `open` throws before it gives its promise. */
  constructor(server: ServerAddress, open: Open, owner: FrameConnectionOwner) {
    this.#owner = owner;
    open(server, this.#over.signal).then(
      (stream) => this.#upgrade(server, stream),
      (error: unknown) => this.abandon({ kind: "unreachable", code: codeOf(error) }),
    );
  }

  send(frame: string): void {
    if (this.#webSocket?.readyState !== WebSocket.OPEN) return;
    this.#webSocket.send(frame);
    if (this.#webSocket.bufferedAmount > MOST_UNSENT) this.abandon({ kind: "silent" });
  }

  /** Asks for a sign of life. */
  ping(): void {
    if (this.#webSocket?.readyState === WebSocket.OPEN) this.#webSocket.ping();
  }

  /** Reads nothing more until each hold was let go. */
  hold(): () => void {
    if (this.#holds++ === 0) this.#webSocket?.pause();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holds === 0) this.#webSocket?.resume();
    };
  }

  /** Says goodbye; what the server still says is read until it closes too, or `timeout` milliseconds are over. */
  finish(timeout: number): void {
    if (this.#webSocket === null) {
      this.abandon({ kind: "left" });
      return;
    }
    this.#end = { kind: "left" };
    this.#webSocket.close(NORMAL);
    const timer = setTimeout(() => this.abandon({ kind: "left" }), timeout);
    this.#over.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  /** Ends at once, for the reason given. */
  abandon(end: ConnectionEnd): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#webSocket?.terminate();
    this.#owner.ended(end);
  }

  #upgrade({ host, port }: ServerAddress, stream: Duplex): void {
    // Whatever happens to it is the WebSocket's to tell, once there is one.
    stream.on("error", () => {});
    if (this.#over.signal.aborted) {
      stream.destroy();
      return;
    }
    // By the address that we got to: people have names of their own for a server, in /etc/hosts for one, which it doesn't know.
    const reached = (stream instanceof Socket ? stream.remoteAddress : undefined) ?? host;
    const where = isIPv6(reached) ? `[${reached.replace(/%.*$/, "")}]` : reached;
    const webSocket = new WebSocket(`ws://${where}:${port}${PATH}`, SUBPROTOCOL, {
      createConnection: () => stream,
      headers: { [CLIENT_HEADER]: "1" },
      maxPayload: MAX_FRAME,
      // Compressed frames tell an observer more of their content than padding hides.
      perMessageDeflate: false,
    });
    this.#webSocket = webSocket;
    webSocket.on("open", () => {
      if (this.#holds > 0) webSocket.pause();
      this.#owner.heard();
    });
    webSocket.on("pong", () => this.#owner.heard());
    webSocket.on("ping", () => this.#owner.heard());
    webSocket.on("message", (data: Buffer, isBinary: boolean) => this.#message(data, isBinary));
    webSocket.on("unexpected-response", (request, response) => {
      request.destroy();
      this.abandon(endOfStatus(response.statusCode ?? 0));
    });
    webSocket.on("error", (error) => {
      if (this.#end.kind !== "left") this.#end = endOfError(codeOf(error), webSocket.protocol !== "");
    });
    webSocket.on("close", () => this.abandon(this.#end));
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#over.signal.aborted) return;
    this.#owner.heard();
    if (isBinary) this.abandon(NOT_FRAMES);
    else this.#owner.frame(data.toString("utf8"));
  }
}

/** RFC 6455, section 7.4.1. */
const NORMAL = 1000;

/** What a connection ends with whose frames are none. */
export const NOT_FRAMES: ConnectionEnd = { kind: "not-padserve" };

/** Why a server would not speak frames: it knows no such path, or not with us. */
function endOfStatus(status: number): ConnectionEnd {
  if (status === 401 || status === 403) return { kind: "refused", error: { reason: "not-a-member" } };
  if (status === 421) return { kind: "refused", error: { reason: "other", text: "This server has another name." } };
  if (status === 429 || status === 503) return { kind: "refused", error: { reason: "server-full" } };
  return { kind: "not-padserve" };
}

function endOfError(code: string, upgraded: boolean): ConnectionEnd {
  if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") return { kind: "oversized" };
  // An answer that is no HTTP, a wrong key or subprotocol, or a frame that breaks RFC 6455.
  if (code.startsWith("WS_") || code.startsWith("HPE_") || code === "Error") return { kind: "not-padserve" };
  return upgraded ? { kind: "broken", code } : { kind: "closed" };
}

/** The system's word for it, such as ECONNREFUSED, where the error has one. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "UNKNOWN";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
