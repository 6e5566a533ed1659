import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import { deviceSigner, type DeviceSigner } from "../../src/mls/device-signer.ts";
import { signRecord } from "../../src/mls/identity/device-record.ts";
import { newSigningKey, signBytes, type SigningKey } from "../../src/mls/identity/ed25519.ts";
import { createInstance } from "../../src/mls/module/instance.ts";
import { Reply } from "../../src/mls/module/reply.ts";
import { encodeRequest } from "../../src/wire/frames/client-frames.ts";
import { helloProof } from "../../src/wire/frames/hello.ts";
import type { Push } from "../../src/wire/frames/pushes.ts";
import type { ReplyBody, Request, RequestBody, RequestType } from "../../src/wire/frames/requests.ts";
import { decodeFromServer, decodeReply, type DecodedFromServer } from "../../src/wire/frames/server-frames.ts";
import { OPEN } from "../../test/mls/people.ts";
import { frameOf, openFrames, type FrameEvents } from "./frame-socket.ts";

/** A device of a person of its own, connected and taken in by the server. */
export interface Device {
  readonly id: string;
  readonly key: SigningKey;
  readonly record: Uint8Array;
  readonly socket: Socket;
  readonly events: FrameEvents;
  /** Told of what the server says unasked, for as long as frames are read. */
  heard: ((push: Push) => void) | null;
  /** The reply; rejects when it is refused, and when the connection ends. */
  get<T extends RequestType>(type: T, body: RequestBody<T>): Promise<ReplyBody<T>>;
  /** The same; the reason where it is refused. */
  ask<T extends RequestType>(type: T, body: RequestBody<T>): Promise<ReplyBody<T> | string>;
}

type Hello = Extract<Push, { type: "hello" }>;
type Answer = Extract<DecodedFromServer, { kind: "reply" | "refused" }>;

/**
 * Connects under this name, says hello with fresh keys; rejects when the server refuses. All of them are of one machine, from which
 * only so many upgrades are taken in a second: who is closed at once comes again.
 */
export async function arrive(port: number, name: string, features: readonly string[] = []): Promise<Device> {
  for (;;) {
    const device = await greet(port, name, features);
    if (device !== null) return device;
    await delay(AGAIN);
  }
}

/** Null: the connection was closed before the server's hello. */
async function greet(port: number, name: string, features: readonly string[]): Promise<Device | null> {
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  const hello = Promise.withResolvers<Hello | null>();
  let lastId = 0;
  let device: Device | null = null;
  const events: FrameEvents = {
    onFrame: (text) => {
      const decoded = decodeFromServer(text);
      if (decoded.kind === "push" && decoded.push.type === "hello") hello.resolve(decoded.push);
      if (decoded.kind === "push") device?.heard?.(decoded.push);
      if (decoded.kind !== "reply" && decoded.kind !== "refused") return;
      waiting.get(decoded.id)?.resolve(decoded);
      waiting.delete(decoded.id);
    },
    onCount: () => {},
    onClose: () => {
      hello.resolve(null);
      const error = new Error(`the server has closed the connection of ${name}`);
      for (const { reject } of waiting.values()) reject(error);
    },
  };
  const socket = openFrames(port, events);
  const said = await hello.promise;
  if (said === null) return null;
  const { server, nonce } = said;
  const key = newSigningKey();
  const deviceId = new Uint8Array(randomBytes(16));
  const id = Buffer.from(deviceId).toString("base64url");
  const record = signRecord(
    {
      kind: "name",
      identity: name,
      server: new Uint8Array(Buffer.from(server.id, "base64url")),
      label: name,
      deviceId,
      deviceLabel: "bench",
      node: "",
      notAfter: 0n,
    },
    newSigningKey(),
    key.publicKey,
  );
  const proof = signBytes(key, helloProof({ nonce, server: server.id, device: id, counter: 1 }));
  await get("hello", {
    version: 1,
    features: [...features],
    client: "bench",
    name,
    device: {
      device: id,
      key: Buffer.from(key.publicKey).toString("base64url"),
      record,
      counter: 1,
      proof,
      sealKey: null,
      receipt: null,
    },
  });
  device = { id, key, record, socket, events, heard: null, get, ask };
  return device;

  async function get<T extends RequestType>(type: T, body: RequestBody<T>): Promise<ReplyBody<T>> {
    const answer = await ask(type, body);
    if (typeof answer === "string") throw new Error(`${type} was refused: ${answer}`);
    return answer;
  }

  async function ask<T extends RequestType>(type: T, body: RequestBody<T>): Promise<ReplyBody<T> | string> {
    const requestId = ++lastId;
    const answered = Promise.withResolvers<Answer>();
    waiting.set(requestId, answered);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- type and body belong together by the signature
    socket.write(frameOf(encodeRequest({ id: requestId, type, body } as unknown as Request)));
    const answer = await answered.promise;
    if (answer.kind === "refused") return answer.refusal?.reason ?? "unknown";
    const reply = decodeReply(type, answer.body);
    if (reply === null) throw new Error(`not a reply to ${type}`);
    return reply;
  }
}

/** A group that a device has made, and the bytes of a message sealed in its present epoch. */
export interface Room {
  readonly group: string;
  readonly epoch: number;
  readonly sealed: Uint8Array;
}

/**
 * Makes a room of all these devices, the first of whom adds the others. Only the first has an engine: to the server a member is
 * who was added, and sealed bytes are bytes.
 */
export async function assemble(devices: readonly Device[], bytes: number): Promise<Room> {
  const [first, ...others] = devices;
  if (first === undefined) throw new Error("nobody is there");
  const engine = createGroupEngine({ seed: first.key.seed, record: first.record });
  const groupId = randomBytes(16);
  const group = groupId.toString("base64url");
  const room = engine.createGroup(new Uint8Array(groupId), OPEN);
  await first.get("create-group", { group, place: { kind: "room", name: `r${group}` }, groupInfo: room.info() });
  const offer = packageMaker();
  for (const device of others) {
    await device.get("publish-packages", { packages: [offer(device)], lastResort: null, replace: false });
  }
  for (let at = 0; at < others.length; at += MOST_ADDED) {
    const of = others.slice(at, at + MOST_ADDED).map(({ id }) => id);
    const { packages } = await first.get("take-packages", { group, of });
    const { epoch } = room;
    const { commit, welcome, groupInfo } = room.commitAdd(
      packages.map(({ keyPackage }) => keyPackage),
      seconds(),
    );
    const request = randomBytes(16).toString("base64url");
    await first.get("commit", { group, request, epoch, commit, welcome, groupInfo });
    room.apply();
  }
  const { epoch } = room;
  const sealed = room.seal(new Uint8Array(bytes)).message;
  engine.close();
  return { group, epoch, sealed };
}

/** Milliseconds. */
const AGAIN = 500;
/** The server takes so many in one commit. */
const MOST_ADDED = 64;
/** Seconds. */
const LIFETIME = 24 * 3600;

/** Key packages of many devices, out of one instance of the module. */
export function packageMaker(): (device: Device) => Uint8Array {
  let signer: DeviceSigner | null = null;
  const instance = createInstance({
    sign: (data) => signer!.sign(data),
    panicked: (words) => process.stderr.write(`${words}\n`),
  });
  return ({ key, record }) => {
    signer = deviceSigner(key.seed);
    const engine = new instance.RawEngine(signer.publicKey, record);
    const keyPackage = new Reply(engine.keyPackage(false, seconds(), LIFETIME)).bytes();
    engine.free();
    return keyPackage;
  };
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
