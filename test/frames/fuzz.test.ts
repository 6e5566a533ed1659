import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { RoomPolicy } from "../../src/mls/room-policy.ts";
import { decodeRequest, encodeRequest } from "../../src/wire/frames/client-frames.ts";
import { isRequestType, type RequestBody, type RequestType } from "../../src/wire/frames/requests.ts";
import { decodeFromServer } from "../../src/wire/frames/server-frames.ts";
import { fuzzedText, type RightRequest } from "../helpers/frame-fuzz.ts";
import { FramePeer, makeDevice, type TestDevice } from "../helpers/frame-peer.ts";
import { samples } from "../helpers/frame-samples.ts";
import { startTestServer } from "../helpers/server.ts";
import { random, type Random } from "../mls/mutations.ts";

/** As many as `FUZZ` says: 10⁶ by `npm run fuzz:frames`, 10⁵ in CI. */
const INPUTS = Number(process.env["FUZZ"] ?? (process.env["CI"] === undefined ? 5_000 : 100_000));
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
/** Milliseconds: far above what any input takes, for machines that are busy. */
const LONGEST = 30_000;
/** An input that is never answered shows as this. */
const TIMEOUT = 240_000 + 10 * INPUTS;
const MEGABYTE = 1024 * 1024;
const MALLORY = { kind: "name", identity: "mallory" } as const;
const quiet = (): void => {};
const newId = (): string => randomBytes(16).toString("base64url");
const OPEN: RoomPolicy = { access: "open", add: "members", remove: "members", moderators: [], listed: [] };

test(`FR-18 no text ends the decoder or keeps it long (seed ${SEED}, ${INPUTS} inputs)`, { timeout: TIMEOUT }, () => {
  const draw = random(SEED);
  const corpus = sampled();
  let longest = 0;
  const kinds: Record<string, number> = {};
  for (let nth = 0; nth < INPUTS; nth += 1) {
    const text = fuzzedText(corpus, nth, draw);
    const started = performance.now();
    const { kind } = decodeRequest(text);
    decodeFromServer(text);
    longest = Math.max(longest, performance.now() - started);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  expect(longest).toBeLessThan(LONGEST);
  // The mutations do reach all three.
  expect(Object.keys(kinds).toSorted()).toEqual(["invalid", "refused", "request"]);
});

test(
  `FR-18 over a real connection each frame is answered or ends that connection alone, and a bystander is answered (seed ${SEED}, ${INPUTS} inputs)`,
  { timeout: TIMEOUT },
  async () => {
    const faults: unknown[] = [];
    const note = (message: string, _fields: unknown, cause: unknown): void => void faults.push([message, cause]);
    await using server = await startTestServer({
      config: { messageRate: 0 },
      log: { debug: quiet, info: quiet, warn: quiet, error: note },
    });
    // First, and so the operator: whoever fuzzes isn't.
    using bystander = await FramePeer.connect(server.port);
    const own = makeDevice(bystander.hello.server.id, { kind: "name", identity: "alice" });
    await bystander.greet("alice", own);
    const group = newId();
    const created = own.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
    await bystander.get("create-group", { group, place: { kind: "everyone" }, groupInfo: created.info() });

    const draw = random(SEED);
    const device = makeDevice(bystander.hello.server.id, MALLORY);
    let fuzzer = await comeIn(server.port, device);
    const corpus = await corpusOf(bystander, device, group);
    let [longest, before, endings] = [0, 0, 0];
    for (let nth = 0, round = 0; nth < INPUTS; round += 1) {
      if (nth >= INPUTS / 10 && before === 0) before = process.memoryUsage().rss;
      const batch = Array.from({ length: 24 }, () => fuzzedText(corpus, fuzzer.nextId(), draw));
      nth += batch.length;
      const { asked, invalid } = parted(batch);
      const exchanged = fuzzer.exchange(asked);
      // Whoever asks for much waits for itself; nobody else does.
      const started = performance.now();
      await bystander.get("people", { after: null });
      longest = Math.max(longest, performance.now() - started);
      await exchanged;
      const [ending] = invalid;
      if (ending !== undefined && draw(60) === 0) {
        endings += 1;
        await fuzzer.endWith(ending, draw);
      }
      if (fuzzer.isOver) fuzzer = await comeIn(server.port, device);
    }
    expect(faults).toEqual([]);
    expect(longest).toBeLessThan(LONGEST);
    if (INPUTS >= 5_000) expect(endings).toBeGreaterThan(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * MEGABYTE);
    // What is sealed goes on beside it.
    const sealed = created.seal(new TextEncoder().encode("still here"));
    const { epoch } = created;
    const answer = await bystander.ask("send", {
      group,
      epoch,
      counter: 1,
      message: newId(),
      bytes: sealed.message,
    });
    expect("reply" in answer || answer.refusal?.reason === "stale-epoch").toBe(true);
  },
);

test(
  `FR-18 before the hello, too, a device that waits or begins anew is answered or ends its connection alone (seed ${SEED}, ${INPUTS / 10} inputs)`,
  { timeout: TIMEOUT },
  async () => {
    const faults: unknown[] = [];
    const note = (message: string, _fields: unknown, cause: unknown): void => void faults.push([message, cause]);
    await using server = await startTestServer({
      config: { messageRate: 0 },
      log: { debug: quiet, info: quiet, warn: quiet, error: note },
    });
    using owner = await FramePeer.connect(server.port);
    await owner.greet("mallory", makeDevice(owner.hello.server.id, MALLORY));
    const draw = random(SEED);
    const device = makeDevice(owner.hello.server.id, MALLORY);
    const shown = FramePeer.helloWith(owner.hello, "mallory", device).device;
    if (shown === null) throw new Error("no device");
    const { sealKey, key, device: id } = { ...shown, sealKey: device.sealKey };
    const asked = { name: "mallory", device: id, key, label: "laptop", sealKey, token: null, fresh: false };
    const corpus = [
      right("ask-confirmation", asked),
      right("ask-confirmation", { ...asked, token: new Uint8Array(32), fresh: true }),
      right("reset-user-key", { name: "mallory", device: { ...shown, sealKey } }),
    ];
    let fuzzer = await comeIn(server.port, null);
    for (let nth = 0; nth < INPUTS / 10; nth += 8) {
      const batch = Array.from({ length: 8 }, () => fuzzedText(corpus, fuzzer.nextId(), draw));
      await fuzzer.exchange(parted(batch).asked);
      await owner.get("own-devices", {});
      if (fuzzer.isOver) fuzzer = await comeIn(server.port, null);
    }
    expect(faults).toEqual([]);
    const { devices, pending } = await owner.get("own-devices", {});
    expect(devices).toHaveLength(1);
    expect(pending.length).toBeLessThanOrEqual(8);
  },
);

/** Requests that are right where they are asked: with real keys, packages and commits of this device. */
async function corpusOf(reader: FramePeer, device: TestDevice, group: string): Promise<RightRequest[]> {
  const now = Math.floor(Date.now() / 1000);
  const packages = Array.from({ length: 3 }, () => device.engine.keyPackage({ now, lifetime: 86_400 }).keyPackage);
  const { epoch, groupInfo } = await reader.get("read-group-info", { group });
  const joined = await device.engine.joinExternal(groupInfo);
  const own = Buffer.from(device.id).toString("base64url");
  const other = newId();
  const made = device.engine.createGroup(new Uint8Array(Buffer.from(other, "base64url")), OPEN);
  const place = { kind: "room", name: "fuzz" } as const;
  return [
    ...sampled().filter(({ type }) => type !== "hello"),
    right("publish-packages", { packages, lastResort: null, replace: true }),
    right("take-packages", { group, of: [own] }),
    right("create-group", { group: other, place, groupInfo: made.info() }),
    right("commit", {
      group,
      request: newId(),
      epoch,
      commit: joined.commit,
      welcome: null,
      groupInfo: joined.groupInfo,
    }),
    right("send", { group, epoch, counter: 1, message: newId(), bytes: new Uint8Array(300) }),
    right("read", { group, after: 0, limit: 10 }),
    right("acknowledge", { group, number: 1 }),
    right("read-group-info", { group }),
    right("leave", { group: other }),
    right("ask-turn", { group, orAdded: true }),
    right("own-devices", {}),
    right("ask-confirmation", {
      name: "mallory",
      device: own,
      key: Buffer.from(device.key.publicKey).toString("base64url"),
      label: "laptop",
      sealKey: device.sealKey,
      token: null,
      fresh: false,
    }),
    right("confirm-device", { device: own, record: device.record, sealed: new Uint8Array(80) }),
  ];
}

/** One of each request. */
function sampled(): RightRequest[] {
  return Object.entries(samples).flatMap(([type, [body]]) => (isRequestType(type) ? [right(type, body)] : []));
}

/** As JSON holds it, bytes as text. */
function right<T extends RequestType>(type: T, body: RequestBody<T>): RightRequest {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- type and body belong together by the signature
  const text = encodeRequest({ id: 0, type, body } as unknown as Parameters<typeof encodeRequest>[0]);
  const parsed: RightRequest = JSON.parse(text);
  return { type: parsed.type, body: parsed.body };
}

/** A text that is answered, and under which id. */
interface Asked {
  readonly id: number;
  readonly text: string;
}

/** What is answered, and what ends the connection. */
function parted(texts: readonly string[]) {
  const asked: Asked[] = [];
  const invalid: string[] = [];
  for (const text of texts) {
    const decoded = decodeRequest(text);
    if (decoded.kind === "invalid") invalid.push(text);
    else asked.push({ text, id: decoded.kind === "request" ? decoded.request.id : decoded.id });
  }
  return { asked, invalid };
}

interface Fuzzer {
  readonly isOver: boolean;
  nextId(): number;
  /** Sends them all; resolves when each has its answer, or the connection has ended. */
  exchange(asked: readonly Asked[]): Promise<void>;
  /** Sends what ends the connection, and waits for that. */
  endWith(text: string, draw: Random): Promise<void>;
}

/** Says hello as this device (null: not at all), as often as the server's rate of upgrades makes it. */
async function comeIn(port: number, device: TestDevice | null): Promise<Fuzzer> {
  for (;;) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/frames`, "padserve.v1", {
      headers: { "padserve-client": "fuzz" },
    });
    onTestFinished(() => socket.terminate());
    const fuzzer = await greet(socket, device);
    if (fuzzer !== null) return fuzzer;
  }
}

async function greet(socket: WebSocket, device: TestDevice | null): Promise<Fuzzer | null> {
  /** Two may have one id: whoever spoils a request spoils that, too. */
  const waiting = new Map<number, (() => void)[]>();
  const closed = Promise.withResolvers<null>();
  const hello = Promise.withResolvers<string>();
  let isOver = false;
  let last = 0;
  socket.on("error", () => {});
  socket.on("close", () => {
    isOver = true;
    closed.resolve(null);
    waiting.clear();
  });
  socket.on("message", (data: Buffer) => {
    const text = data.toString();
    const decoded = decodeFromServer(text);
    if (decoded.kind === "invalid" || decoded.kind === "unknown") throw new Error(`the server said ${text}`);
    if (decoded.kind === "push" && decoded.push.type === "hello") hello.resolve(text);
    else if (decoded.kind !== "push") waiting.get(decoded.id)?.shift()?.();
  });
  const greeting = await Promise.race([hello.promise, closed.promise]);
  if (greeting === null) return null;
  const said = decodeFromServer(greeting);
  if (said.kind !== "push" || said.push.type !== "hello") return null;
  const fuzzer: Fuzzer = {
    get isOver() {
      return isOver;
    },
    nextId: () => ++last,
    async exchange(asked) {
      if (isOver) return;
      const answers = asked.map(
        ({ id }) => new Promise<void>((resolve) => waiting.set(id, [...(waiting.get(id) ?? []), resolve])),
      );
      for (const { text } of asked) socket.send(text);
      await Promise.race([Promise.all(answers), closed.promise]);
      waiting.clear();
    },
    async endWith(text, draw) {
      if (isOver) return;
      if (draw(2) === 0) socket.send(Buffer.from(text), { binary: true });
      else socket.send(text);
      // A frame of which half comes, behind it.
      if (draw(3) === 0) Reflect.get(socket, "_socket").write(Buffer.from([0x81, 0xfe, 0x7f, 0xff, 0, 0, 0, 0, 1]));
      await closed.promise;
    },
  };
  if (device === null) return fuzzer;
  const body = FramePeer.helloWith(said.push, "mallory", device);
  const id = fuzzer.nextId();
  await fuzzer.exchange([{ id, text: JSON.stringify({ ...right("hello", body), id }) }]);
  return fuzzer;
}
