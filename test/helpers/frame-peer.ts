import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import type { GroupEngine } from "../../src/mls/group-engine.ts";
import { signRecord } from "../../src/mls/identity/device-record.ts";
import { newSigningKey, signBytes, type SigningKey } from "../../src/mls/identity/ed25519.ts";
import { signSealKey } from "../../src/mls/identity/seal-key.ts";
import type { RecordKind } from "../../src/mls/room-policy.ts";
import { encodeRequest } from "../../src/wire/frames/client-frames.ts";
import { helloProof } from "../../src/wire/frames/hello.ts";
import type { Push } from "../../src/wire/frames/pushes.ts";
import type { Refusal } from "../../src/wire/frames/refusals.ts";
import type { ReplyBody, Request, RequestBody, RequestType } from "../../src/wire/frames/requests.ts";
import { decodeFromServer, decodeReply, type DecodedFromServer } from "../../src/wire/frames/server-frames.ts";

type Answer = Extract<DecodedFromServer, { kind: "reply" | "refused" }>;
type Hello = Extract<Push, { type: "hello" }>;
type PushOf<T extends Push["type"]> = Extract<Push, { type: T }>;

/** A device with real keys and a real engine, to speak frames with. */
export interface TestDevice {
  readonly id: Uint8Array;
  readonly key: SigningKey;
  readonly record: Uint8Array;
  readonly engine: GroupEngine;
  readonly sealKey: { readonly key: string; readonly signature: Uint8Array };
  counter: number;
  /** The last that a server gave it. */
  receipt: Uint8Array | null;
}

type TestOwner = { readonly kind: RecordKind; readonly identity: string };

/** A record of this device under a user key. */
export function recordOf(
  server: string,
  owner: TestOwner,
  { id, key }: Pick<TestDevice, "id" | "key">,
  userKey: SigningKey,
  notAfter = 0n,
): Uint8Array {
  const fields = {
    ...owner,
    server: new Uint8Array(Buffer.from(server, "base64url")),
    label: owner.identity,
    deviceId: id,
    deviceLabel: "test",
    node: "",
    notAfter,
  };
  return signRecord(fields, userKey, key.publicKey);
}

/** A device of this owner on this server; `userKey`: the owner's, a new one unless given; `notAfter`: when its record ends, in seconds. */
export function makeDevice(server: string, owner: TestOwner, userKey = newSigningKey(), notAfter = 0n): TestDevice {
  const key = newSigningKey();
  const id = new Uint8Array(randomBytes(16));
  const record = recordOf(server, owner, { id, key }, userKey, notAfter);
  const who = { ...owner, server: new Uint8Array(Buffer.from(server, "base64url")) };
  const sealTo = new Uint8Array(randomBytes(32));
  const sealKey = {
    key: Buffer.from(sealTo).toString("base64url"),
    signature: signSealKey(key, who, id, sealTo),
  };
  const engine = createGroupEngine({ seed: key.seed, record });
  return { id, key, record, engine, sealKey, counter: 0, receipt: null };
}

/** One frame connection to a server, driven by hand. */
export class FramePeer {
  readonly hello: Hello;
  readonly pushes: Push[] = [];
  readonly #webSocket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer | null) => void>();
  readonly #pushed: (() => void)[] = [];
  #lastId = 0;

  /** `socket`: one that is connected already, such as of a node of the fake tailnet. */
  static async connect(
    port: number,
    options: { readonly headers?: Record<string, string>; readonly socket?: Socket } = {},
  ): Promise<FramePeer> {
    const { socket } = options;
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/frames`, "padserve.v1", {
      headers: options.headers ?? { "padserve-client": "test" },
      ...(socket === undefined ? {} : { createConnection: () => socket }),
    });
    const first = once(webSocket, "message");
    await once(webSocket, "open");
    const [data] = await first;
    const decoded = decodeFromServer(String(data));
    if (decoded.kind !== "push" || decoded.push.type !== "hello") throw new Error(`no hello: ${String(data)}`);
    return new FramePeer(webSocket, decoded.push);
  }

  private constructor(webSocket: WebSocket, hello: Hello) {
    this.#webSocket = webSocket;
    this.hello = hello;
    webSocket.on("message", (data: Buffer) => this.#take(data.toString()));
    webSocket.on("error", () => {});
    webSocket.on("close", () => {
      for (const resolve of this.#waiting.values()) resolve(null);
      for (const wake of this.#pushed.splice(0)) wake();
    });
  }

  get isOpen(): boolean {
    return this.#webSocket.readyState === WebSocket.OPEN;
  }

  /** The reply, or the refusal. Rejects when the connection closes. */
  async ask<T extends RequestType>(
    type: T,
    body: RequestBody<T>,
  ): Promise<{ readonly reply: ReplyBody<T> } | { readonly refusal: Refusal | null }> {
    const id = ++this.#lastId;
    const answer = new Promise<Answer | null>((resolve) => this.#waiting.set(id, resolve));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- type and body belong together by the signature
    this.#webSocket.send(encodeRequest({ id, type, body } as unknown as Request));
    const decoded = await answer;
    if (decoded === null) throw new Error("the connection has closed");
    if (decoded.kind === "refused") return { refusal: decoded.refusal };
    const reply = decodeReply(type, decoded.body);
    if (reply === null) throw new Error(`not a reply to ${type}: ${JSON.stringify(decoded)}`);
    return { reply };
  }

  /** The reply; rejects when refused. */
  async get<T extends RequestType>(type: T, body: RequestBody<T>): Promise<ReplyBody<T>> {
    const answer = await this.ask(type, body);
    if ("refusal" in answer) throw new Error(`${type} was refused: ${JSON.stringify(answer.refusal)}`);
    return answer.reply;
  }

  /** Says hello as this device. */
  async greet(name: string, device: TestDevice | null, features: readonly string[] = []): Promise<ReplyBody<"hello">> {
    const reply = await this.get("hello", { ...this.helloOf(name, device), features: [...features] });
    if (device !== null) device.receipt = reply.device?.receipt ?? null;
    return reply;
  }

  helloOf(name: string, device: TestDevice | null): RequestBody<"hello"> {
    return FramePeer.helloWith(this.hello, name, device);
  }

  /** A hello as an answer to the server's. */
  static helloWith(greeting: Hello, name: string, device: TestDevice | null): RequestBody<"hello"> {
    if (device !== null) device.counter += 1;
    return {
      version: 1,
      features: [],
      client: "test",
      name,
      device: device === null ? null : FramePeer.#provedBy(greeting, device),
    };
  }

  static #provedBy(greeting: Hello, device: TestDevice): NonNullable<RequestBody<"hello">["device"]> {
    const id = Buffer.from(device.id).toString("base64url");
    const { counter, sealKey, receipt } = device;
    const proof = signBytes(
      device.key,
      helloProof({ nonce: greeting.nonce, server: greeting.server.id, device: id, counter }),
    );
    const key = Buffer.from(device.key.publicKey).toString("base64url");
    return { device: id, key, record: device.record, counter, proof, sealKey, receipt };
  }

  /** The next push of this type that nobody has taken yet. */
  async next<T extends Push["type"]>(type: T): Promise<PushOf<T>> {
    for (;;) {
      const at = this.pushes.findIndex((push) => push.type === type);
      if (at >= 0) {
        const [push] = this.pushes.splice(at, 1);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- found by its type
        return push as PushOf<T>;
      }
      if (!this.isOpen) throw new Error(`closed while a ${type} was awaited`);
      await new Promise<void>((resolve) => this.#pushed.push(resolve));
    }
  }

  /** Sends a text as it is. */
  sendRaw(text: string | Uint8Array): void {
    this.#webSocket.send(text);
  }

  async closed(): Promise<void> {
    if (this.#webSocket.readyState !== WebSocket.CLOSED) await once(this.#webSocket, "close");
  }

  [Symbol.dispose](): void {
    this.#webSocket.terminate();
  }

  #take(text: string): void {
    const decoded = decodeFromServer(text);
    switch (decoded.kind) {
      case "reply":
      case "refused":
        this.#waiting.get(decoded.id)?.(decoded);
        this.#waiting.delete(decoded.id);
        return;
      case "push":
        this.pushes.push(decoded.push);
        for (const wake of this.#pushed.splice(0)) wake();
        return;
      case "unknown":
      case "invalid":
        throw new Error(`the server said ${text}`);
    }
  }
}
