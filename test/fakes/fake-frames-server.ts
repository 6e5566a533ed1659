import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { WebSocketServer, type WebSocket } from "ws";
import { decodeRequest } from "../../src/wire/frames/client-frames.ts";
import type { Push } from "../../src/wire/frames/pushes.ts";
import type { Refusal } from "../../src/wire/frames/refusals.ts";
import type { Request } from "../../src/wire/frames/requests.ts";
import { encodePush, encodeRefusal } from "../../src/wire/frames/server-frames.ts";
import { stringify } from "../../src/wire/frames/values.ts";
import { SUBPROTOCOL } from "../../src/wire/frames/version.ts";

/** What a fake server says to a request: a reply's body, a no, or nothing at all. */
type FakeAnswer = { readonly reply: unknown } | { readonly refuse: Refusal } | "nothing";

export interface FakeFramesOptions {
  /** How many requests it says it takes at once. Default 8. */
  readonly requests?: number;
  /** Null: the fake's own answer, which is friendly. */
  readonly answer?: (request: Request, connection: number) => FakeAnswer | null;
  /** HTTP status instead of an upgrade. */
  readonly status?: number;
  /** Says nothing at all at first. */
  readonly mute?: boolean;
}

const id = (length: number) => randomBytes(length).toString("base64url");

/** A fake of the frame protocol's server: it greets and answers as it is told, on a real loopback socket. */
export class FakeFramesServer implements AsyncDisposable {
  static async start(options: FakeFramesOptions = {}): Promise<FakeFramesServer> {
    const fake = new FakeFramesServer(options);
    fake.#http.listen(0, "127.0.0.1");
    await once(fake.#http, "listening");
    return fake;
  }

  readonly requests: Request[] = [];
  readonly upgrades: IncomingMessage[] = [];
  readonly nonces: string[] = [];
  readonly serverId = id(16);
  readonly #options: FakeFramesOptions;
  readonly #http = createServer();
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => SUBPROTOCOL });
  readonly #open: WebSocket[] = [];
  #wake = Promise.withResolvers<void>();

  constructor(options: FakeFramesOptions) {
    this.#options = options;
    this.#http.on("upgrade", (request, socket, head) => {
      this.upgrades.push(request);
      if (options.status !== undefined) {
        socket.end(`HTTP/1.1 ${options.status} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#greet(webSocket));
    });
  }

  get address(): { readonly host: string; readonly port: number } {
    const address = this.#http.address();
    if (address === null || typeof address === "string") throw new Error("the fake is not listening");
    return { host: "127.0.0.1", port: address.port };
  }

  /** Resolves when so many requests of a type have come, with the last of them. */
  async hears(type: Request["type"], count = 1): Promise<Request> {
    for (;;) {
      const found = this.requests.filter((request) => request.type === type)[count - 1];
      if (found !== undefined) return found;
      await this.#wake.promise;
    }
  }

  push(...pushes: readonly Push[]): void {
    for (const push of pushes) this.say(encodePush(push));
  }

  /** To the newest connection, whatever it is. */
  say(text: string | Uint8Array): void {
    this.#open.at(-1)?.send(text);
  }

  reply(request: Request, body: unknown): void {
    this.say(stringify({ type: "reply", id: request.id, body }));
  }

  /** Loses the newest connection. */
  drop(): void {
    this.#open.at(-1)?.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const webSocket of this.#open) webSocket.terminate();
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, "close");
  }

  #greet(webSocket: WebSocket): void {
    const connection = this.#open.push(webSocket) - 1;
    webSocket.on("error", () => {});
    webSocket.on("message", (data: Buffer) => this.#request(webSocket, data.toString(), connection));
    if (this.#options.mute === true) return;
    const nonce = id(32);
    this.nonces.push(nonce);
    const hello: Push = {
      type: "hello",
      version: 1,
      features: [],
      server: { id: this.serverId, incarnation: id(16), name: "chat" },
      openRoom: true,
      at: null,
      nonce,
      you: { owner: null, label: "this machine", operator: false },
      limits: { frame: 4 * 1024 * 1024, page: 500, requests: this.#options.requests ?? 8 },
    };
    webSocket.send(encodePush(hello));
  }

  #request(webSocket: WebSocket, text: string, connection: number): void {
    const decoded = decodeRequest(text);
    if (decoded.kind !== "request") throw new Error(`not a request: ${text.slice(0, 200)}`);
    const { request } = decoded;
    this.requests.push(request);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
    const answer = this.#options.answer?.(request, connection) ?? friendly(request);
    if (answer === "nothing") return;
    if ("refuse" in answer) webSocket.send(encodeRefusal(request.id, answer.refuse));
    else webSocket.send(stringify({ type: "reply", id: request.id, body: answer.reply }));
  }
}

function friendly(request: Request): FakeAnswer {
  switch (request.type) {
    case "hello":
      return { reply: { name: request.body.name, operator: false, device: null } };
    case "people":
      return { reply: { people: [], more: false } };
    case "bans":
      return { reply: { names: [] } };
    case "server-info":
      return { reply: { host: "box", version: "1", sessions: 1 } };
    case "say":
    case "tell":
    case "away":
    case "kick":
    case "ban":
    case "unban":
      return { reply: {} };
    default:
      return { refuse: { reason: "unknown-request" } };
  }
}
