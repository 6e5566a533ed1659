/**
 * A fake of the original's servers, of its three generations, on a real loopback socket. What it says was read off the
 * original's programs (PROTOCOL.md) and is written out here, not made by our encoder: a mistake there must not cancel
 * itself out. Like the original, it takes every line of a connection in its order.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { sealBroadcast } from "../../src/wire/classic/broadcast-cipher.ts";
import { createKeyPair, publicKeyHex } from "../../src/wire/classic/key-exchange.ts";
import { answerLine } from "./old-server-answers.ts";
import type { OldClient, OldServerState } from "./old-server-answers.ts";

export interface FakeOldServerOptions {
  readonly generation: 1 | 2 | 3;
  /** Default 0, any free port. */
  readonly port?: number;
  /** Whether what it says arrives one byte at a time. */
  readonly byteByByte?: boolean;
  /** Lines that it hears and never answers. */
  readonly mute?: (line: string) => boolean;
  /** So many bytes it says on its connection number `connection`, from 0, and closes. Default: all. */
  readonly cutAfter?: (connection: number) => number;
  /** Whether it keeps its side open when a client has closed its own. */
  readonly staysOpen?: boolean;
  /** What it gives as its public key instead of its own. */
  readonly publicKey?: string;
}

export class FakeOldServer {
  /** Every line heard, of all connections. */
  readonly heard: string[] = [];
  connections = 0;
  readonly #options: FakeOldServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #state: OldServerState;
  readonly #waiting = new Set<() => void>();

  constructor(options: FakeOldServerOptions) {
    const pair = createKeyPair();
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: options.staysOpen === true }, (socket) => this.#accept(socket));
    this.#state = {
      generation: options.generation,
      pair,
      publicKey: options.publicKey ?? publicKeyHex(pair),
      clients: new Map(),
      banned: new Set(),
      operator: "",
    };
  }

  static async start(options: FakeOldServerOptions): Promise<FakeOldServer> {
    const fake = new FakeOldServer(options);
    fake.#server.listen(options.port ?? 0, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  get address(): { host: string; port: number } {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the fake server is not listening");
    return { host: "127.0.0.1", port: address.port };
  }

  /** Resolves when it has heard `count` lines that begin with `start`. */
  async hears(start: string, count = 1): Promise<void> {
    while (this.heard.filter((line) => line.startsWith(start)).length < count) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Says raw text to a registered client, out of turn. */
  say(id: string, text: string): void {
    this.#client(id).say(text);
  }

  /** The connection breaks: a reset, nothing said. */
  drop(id: string): void {
    this.#client(id).socket.resetAndDestroy();
  }

  /** The form of a broadcast that no server of the original sends and its last client reads: under the client's own key. */
  sayUnderKey(id: string, from: string, text: string): void {
    const { key, say } = this.#client(id);
    if (key === null) throw new Error("no keys exchanged yet");
    say(`BROADCAST from ${from}: ${sealBroadcast(key, text)}\n`);
  }

  /** The client loses its connection, and the server doesn't notice: until `forget` the id is taken. */
  ghost(id: string): void {
    const client = this.#client(id);
    client.id = "";
    client.socket.resetAndDestroy();
  }

  /** What a ghost of the same id does when it leaves: the connection stays, the id is no longer known. */
  forget(id: string): void {
    this.#state.clients.delete(id);
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await once(this.#server, "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #client(id: string): OldClient {
    const client = this.#state.clients.get(id);
    if (client === undefined) throw new Error("the fake server knows no such client");
    return client;
  }

  #accept(socket: Socket): void {
    const budget = this.#options.cutAfter?.(this.connections) ?? Infinity;
    this.connections++;
    const client: OldClient = { id: "", socket, key: null, keyHex: null, say: this.#mouth(socket, budget) };
    let rest = "";
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      // As in the original: by the id, whoever bears it by now.
      if (client.id !== "") this.#state.clients.delete(client.id);
    });
    socket.on("data", (chunk) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#line(client, line.trim());
    });
  }

  #line(client: OldClient, line: string): void {
    this.heard.push(line);
    if (this.#options.mute?.(line) !== true) answerLine(this.#state, client, line);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Says text on a socket, up to `budget` bytes in all, and then closes it. */
  #mouth(socket: Socket, budget: number): (text: string) => void {
    let left = budget;
    let said = Promise.resolve();
    return (text) => {
      if (left <= 0) return;
      const bytes = Buffer.from(text).subarray(0, left);
      left -= Buffer.byteLength(text);
      if (this.#options.byteByByte === true) said = said.then(() => trickle(socket, bytes));
      else socket.write(bytes);
      if (left <= 0) void said.then(() => socket.end());
    };
  }
}

async function trickle(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (const byte of bytes) {
    socket.write(Uint8Array.of(byte));
    await setImmediate();
  }
}
