import { createECDH } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { agreedKey, padded, sealed, unpadded } from "./classic-crypto.ts";

/** A message as it was read: `to` is `ALL`, or null in a direct one. */
export interface HeardMessage {
  readonly from: string;
  readonly to: "ALL" | null;
  readonly text: string;
}

/** A client of the classic protocol that does only what it is told, line by line or byte by byte. */
export class ClassicPeer implements Disposable {
  readonly socket: Socket;
  /** What came, as it came: one entry for each `data` event. */
  readonly segments: string[] = [];
  /** The server's public key in hex, and the connection's AES key, once keys are exchanged. */
  serverKey = "";
  key: Uint8Array | null = null;
  #rest = Buffer.alloc(0);
  readonly #unread: string[] = [];
  #news = Promise.withResolvers<void>();

  /** Takes a socket that is connected already and that nobody reads. */
  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    // How a connection ended is told by what was said before.
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("close", () => this.#wake());
  }

  static async connect(port: number, host = "127.0.0.1"): Promise<ClassicPeer> {
    const socket = connect({ port, host });
    await once(socket, "connect");
    return new ClassicPeer(socket);
  }

  /** Lines in one write. */
  say(...lines: readonly string[]): void {
    this.write(lines.map((line) => `${line}\n`).join(""));
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next line, without its end. Rejects when the connection closes without one. */
  async line(): Promise<string> {
    for (;;) {
      const line = this.#unread.shift();
      if (line !== undefined) return line;
      if (this.socket.closed) throw new Error("the connection has closed; no line more");
      await this.#news.promise;
    }
  }

  async lines(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) lines.push(await this.line());
    return lines;
  }

  /** The lines up to this one, with it. */
  async until(last: string): Promise<string[]> {
    const lines = [await this.line()];
    while (lines.at(-1) !== last) lines.push(await this.line());
    return lines;
  }

  /** Says a command and gives the first line of what comes back. */
  ask(command: string): Promise<string> {
    this.say(command);
    return this.line();
  }

  /** Resolves when the connection has closed, with the lines that nobody has read. */
  async closed(): Promise<readonly string[]> {
    while (!this.socket.closed) await this.#news.promise;
    return this.#unread.splice(0);
  }

  /** REGISTER and the exchange of keys. Gives the reply to REGISTER; rejects when it is a refusal. */
  async setUp(id: string): Promise<string> {
    const reply = await this.ask(`REGISTER ${id}`);
    if (!reply.startsWith("REGISTERED")) throw new Error(`REGISTER ${id} was answered by ${reply}`);
    const [, serverKey = ""] = await this.lines(3);
    await this.exchangeKeys(serverKey);
    return reply;
  }

  /** Sends a fresh public key and waits for the acknowledgement. */
  async exchangeKeys(serverKey: string): Promise<void> {
    const pair = createECDH("prime256v1");
    this.say("CLIENTPUBKEY", pair.generateKeys("hex"), "END CLIENTPUBKEY");
    this.serverKey = serverKey;
    const reply = await this.line();
    if (reply !== "CLIENTPUBKEY_RECEIVED") throw new Error(`the public key was answered by ${reply}`);
    this.key = agreedKey(pair, serverKey);
  }

  /** Says a broadcast; the answer is still to be read. */
  broadcast(text: string | Uint8Array): void {
    if (this.key === null) throw new Error("no keys exchanged yet");
    this.say(`SEND ALL ${sealed(this.key, text)}`);
  }

  /** Says a direct message; there is no answer when all is well. */
  direct(to: string, text: string): void {
    this.say(`SEND ${to} ${padded(text)}`);
  }

  /** The next line, which must be a message. */
  async message(): Promise<HeardMessage> {
    return this.read(await this.line());
  }

  /** The message in a line. Throws for any other line. */
  read(line: string): HeardMessage {
    const [, verb, from = "", field = ""] = /^(BROADCAST|MESSAGE) from (\S+): (\S+)$/.exec(line) ?? [];
    if (verb === undefined) throw new Error(`not a message: ${line}`);
    return { from, to: verb === "BROADCAST" ? "ALL" : null, text: unpadded(field) };
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.segments.push(bytes.toString());
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let end = this.#rest.indexOf("\n"); end !== -1; end = this.#rest.indexOf("\n")) {
      this.#unread.push(this.#rest.toString("utf8", 0, end));
      this.#rest = this.#rest.subarray(end + 1);
    }
    this.#wake();
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
