/** The client of the frame protocol, against a fake of its server. */
import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { expect, test } from "vitest";
import { connectFrames, type FrameOptions, type FramesEvent } from "../../src/client/frames/index.ts";
import { openTcp } from "../../src/client/transport/open.ts";
import { helloProof } from "../../src/wire/frames/hello.ts";
import { FakeFramesServer } from "../fakes/fake-frames-server.ts";
import { startScriptedServer } from "../fakes/scripted-server.ts";

test("CC-50 the client answers the server's hello with its name, and is online when that is accepted", async () => {
  await using server = await FakeFramesServer.start();
  await using alice = await online(server);
  expect(alice.client.name).toBe("alice");
  expect(server.requests).toMatchObject([
    { type: "hello", body: { version: 1, client: "a test", name: "alice", device: null } },
  ]);
  expect(server.upgrades[0]?.headers).toMatchObject({
    "padserve-client": "1",
    "sec-websocket-protocol": "padserve.v1",
  });
  expect(server.upgrades[0]?.headers.origin).toBeUndefined();
});

test("CC-50 a device proves itself anew on each connection, by its key over that connection's nonce", async () => {
  await using server = await FakeFramesServer.start();
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const device = Buffer.alloc(16, 7).toString("base64url");
  let counter = 5;
  await using alice = await online(server, {
    device: async (hello) => {
      counter += 1;
      const proof = sign(
        null,
        helloProof({ nonce: hello.nonce, server: hello.server.id, device, counter }),
        privateKey,
      );
      const key = Buffer.alloc(32, 9).toString("base64url");
      return { device, key, record: new Uint8Array([1]), counter, proof, sealKey: null, receipt: null };
    },
  });
  server.drop();
  await alice.reaches("online", 2);
  const hellos = server.requests.flatMap((request) => (request.type === "hello" ? [request.body.device] : []));
  expect(hellos.map((sent) => sent?.counter)).toEqual([6, 7]);
  for (const [nth, sent] of hellos.entries()) {
    const signed = helloProof({ nonce: server.nonces[nth] ?? "", server: server.serverId, device, counter: 6 + nth });
    expect(
      verify(null, signed, createPublicKey(publicKey.export({ format: "pem", type: "spki" })), sent?.proof ?? signed),
    ).toBe(true);
  }
});

test.each([
  [{ reason: "name-taken" }, { reason: "name-taken" }],
  [{ reason: "other-user-key", userKey: Buffer.alloc(32).toString("base64url") }, { reason: "device-not-confirmed" }],
  [{ reason: "rolled-back" }, { reason: "rolled-back" }],
  [{ reason: "wrong-proof" }, { reason: "not-understood", text: "wrong-proof" }],
] as const)("CC-50 a hello that is refused with %j ends the client with the reason", async (refuse, error) => {
  await using server = await FakeFramesServer.start({ answer: () => ({ refuse }) });
  await using alice = record(server);
  expect(await alice.client.ended()).toEqual({ kind: "refused", error });
});

test("CC-50 a device that can't be proven says no hello", async () => {
  await using server = await FakeFramesServer.start();
  await using alice = record(server, { device: () => Promise.reject(new Error("no key")) });
  expect(await alice.client.ended()).toMatchObject({ kind: "refused", error: { reason: "other" } });
  expect(server.requests).toEqual([]);
});

test("CC-50 a device that can be proven only later comes on a later connection", async () => {
  await using server = await FakeFramesServer.start();
  let asked = 0;
  await using alice = record(server, {
    reconnect: "always",
    device: () => Promise.resolve(asked++ === 0 ? "later" : null),
  });
  expect(await alice.client.online()).toMatchObject({ kind: "online" });
  expect(asked).toBe(2);
});

test("CC-51 no more is asked at once than the server takes, and each request has its own answer, in whatever order", async () => {
  await using server = await FakeFramesServer.start({
    requests: 2,
    answer: ({ type }) => (type === "look-up" ? "nothing" : null),
  });
  await using alice = await online(server);
  const answers = ["a", "b", "c"].map((name) => alice.client.request("look-up", { name }));
  const second = await server.hears("look-up", 2);
  expect(server.requests).toHaveLength(3);
  server.reply(second, { person: person("b") });
  const third = await server.hears("look-up", 3);
  server.reply(third, { person: person("c") });
  server.reply(await server.hears("look-up"), { person: null });
  expect(await Promise.all(answers)).toMatchObject([
    { kind: "answered", value: { person: null } },
    { kind: "answered", value: { person: { name: "b" } } },
    { kind: "answered", value: { person: { name: "c" } } },
  ]);
});

test("CC-51 what waits is bounded in number and in bytes; the rest is busy at once", async () => {
  await using server = await FakeFramesServer.start({
    requests: 1,
    answer: ({ type }) => (type === "say" ? "nothing" : null),
  });
  await using alice = await online(server);
  const asked = Array.from({ length: 1026 }, () => alice.client.request("say", { text: "x" }));
  expect(await asked.at(-1)).toEqual({ kind: "not-sent", why: "busy" });
  await alice.client.close();
  const settled = await Promise.all(asked);
  expect(settled[0]).toMatchObject({ kind: "unknown" });
  expect(settled.slice(1, 1025).every((answer) => answer.kind === "not-sent" && answer.why === "offline")).toBe(true);
  await using bob = await online(server);
  const long = Array.from({ length: 600 }, () => bob.client.request("say", { text: "x".repeat(32_768) }));
  expect(await long.at(-1)).toEqual({ kind: "not-sent", why: "busy" });
});

test("CC-52 a request that is not answered in time ends the connection, and it is unknown", async () => {
  await using server = await FakeFramesServer.start({ answer: ({ type }) => (type === "say" ? "nothing" : null) });
  await using alice = await online(server, { timings: { answer: 20 }, reconnect: "never" });
  expect(await alice.client.request("say", { text: "hi" })).toEqual({ kind: "unknown", why: { kind: "silent" } });
  expect(await alice.client.ended()).toEqual({ kind: "silent" });
});

test("CC-52 a server that says nothing at first, or nothing more, is given up", async () => {
  await using mute = await FakeFramesServer.start({ mute: true });
  await using alice = record(mute, { timings: { setUp: 50 } });
  expect(await alice.client.ended()).toEqual({ kind: "silent" });
});

test.each([
  ["no JSON", "{"],
  ["a reply to nothing", '{"type":"reply","id":77,"body":{}}'],
  ["a push of the wrong shape", '{"type":"said","from":7}'],
  ["a second hello", null],
  ["bytes", new Uint8Array([1, 2, 3])],
])("CC-52 what is no frame ends the connection: %s", async (_, frame) => {
  await using server = await FakeFramesServer.start();
  await using alice = await online(server, { reconnect: "never" });
  const hello = alice.events.find((event) => event.kind === "welcomed");
  server.say(frame ?? JSON.stringify(hello?.hello));
  expect(await alice.client.ended()).toEqual({ kind: "not-padserve" });
});

test("CC-52 a frame of more than 4 MiB ends the connection before it is held", async () => {
  await using server = await FakeFramesServer.start();
  await using alice = await online(server, { reconnect: "never" });
  server.say(`"${"x".repeat(4 * 1024 * 1024)}"`);
  expect(await alice.client.ended()).toEqual({ kind: "oversized" });
});

test("CC-52 a reply of another shape than was asked for ends the connection", async () => {
  await using server = await FakeFramesServer.start({
    answer: ({ type }) => (type === "bans" ? { reply: { names: 7 } } : null),
  });
  await using alice = await online(server, { reconnect: "never" });
  expect(await alice.client.request("bans", {})).toEqual({ kind: "unknown", why: { kind: "not-padserve" } });
});

test("CC-53 pushes are told in their order, unknown ones are passed over, and what is held is not read", async () => {
  await using server = await FakeFramesServer.start();
  await using alice = await online(server);
  const release = alice.client.hold();
  server.push(said("one"));
  server.say('{"type":"invented-later","much":"more"}');
  server.push(said("two"));
  expect(alice.said()).toEqual([]);
  release();
  await alice.hears((event) => event.kind === "push" && event.push.type === "said" && event.push.text === "two");
  expect(alice.said()).toEqual(["one", "two"]);
});

test("CC-54 a lost connection is made again; one that an operator ended is not, and says why", async () => {
  await using server = await FakeFramesServer.start();
  await using alice = await online(server);
  server.drop();
  await alice.reaches("online", 2);
  server.push({ type: "operator", operator: true });
  await alice.hears((event) => event.kind === "operator");
  expect(alice.client.state).toEqual({ kind: "online", operator: true });
  server.push({ type: "ended", cause: { kind: "kicked", reason: "enough" } });
  expect(await alice.client.ended()).toEqual({ kind: "kicked", reason: "enough" });
});

test("CC-58 a connection that stood and ends since the person's key is another one is made again; a hello that is refused for that ends the client", async () => {
  const refusal = { reason: "other-user-key", userKey: Buffer.alloc(32).toString("base64url") } as const;
  let isRefused = false;
  await using server = await FakeFramesServer.start({
    answer: (request) => (isRefused && request.type === "hello" ? { refuse: refusal } : null),
  });
  await using alice = await online(server);
  server.push({ type: "ended", cause: { kind: "refused", refusal } });
  await alice.reaches("online", 2);
  await alice.hears(
    (event) => event.kind === "state" && event.state.kind === "waiting" && event.state.loss.kind === "closed",
  );
  isRefused = true;
  server.push({ type: "ended", cause: { kind: "refused", refusal } });
  expect(await alice.client.ended()).toEqual({ kind: "refused", error: { reason: "device-not-confirmed" } });
  // Once each: nothing is tried again behind a hello that was refused.
  expect(server.requests.filter(({ type }) => type === "hello").length).toBe(3);
});

test("CC-54 closing ends for good, in any state", async () => {
  await using server = await FakeFramesServer.start();
  const alice = await online(server);
  await alice.client.close();
  expect(await alice.client.ended()).toEqual({ kind: "left" });
  expect(await alice.client.request("bans", {})).toEqual({ kind: "not-sent", why: "ended" });
  const early = record(server);
  await early.client.close();
  expect(await early.client.ended()).toEqual({ kind: "left" });
});

test.each([
  [404, { kind: "not-padserve" }],
  [426, { kind: "not-padserve" }],
  [403, { kind: "refused", error: { reason: "not-a-member" } }],
  [503, { kind: "refused", error: { reason: "server-full" } }],
  [421, { kind: "refused", error: { reason: "other", text: "This server has another name." } }],
])("CC-56 a server that answers the upgrade with %i", async (status, end) => {
  await using server = await FakeFramesServer.start({ status });
  await using alice = record(server);
  expect(await alice.client.ended()).toEqual(end);
});

test("CC-57 a server is asked for by the address it was reached at, whatever people call it", async () => {
  await using server = await FakeFramesServer.start();
  const { host, port } = server.address;
  const open: Options["open"] = async (_, signal) => await openTcp({ host, port }, signal);
  await using alice = record(server, { server: { host: "our-box", port }, open });
  await alice.client.online();
  expect(server.upgrades[0]?.headers.host).toBe(`127.0.0.1:${port}`);
});

test("CC-56 a server that knows no HTTP is not ours", async () => {
  await using server = await startScriptedServer(() => "ERROR Unknown command: GET /frames HTTP/1.1\n");
  await using alice = record(server);
  expect(await alice.client.ended()).toEqual({ kind: "not-padserve" });
});

function said(text: string) {
  return { type: "said", from: "bob", text, at: 1, earlier: false } as const;
}

function person(name: string) {
  const owner = { kind: "name", identity: name };
  return { name, owner, label: name, online: true, classic: false, away: null, userKey: null, devices: [] };
}

type Options = Partial<FrameOptions>;

function record(server: { readonly address: FrameOptions["server"] }, options: Options = {}) {
  const timings = { firstDelay: 0, longestDelay: 0, ...options.timings };
  const client = connectFrames({ server: server.address, name: "alice", client: "a test", ...options, timings });
  const events: FramesEvent[] = [];
  const waiting = new Set<() => void>();
  client.onEvent((event) => {
    events.push(event);
    for (const look of waiting) look();
  });
  function until(done: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (done()) resolve();
    };
    waiting.add(look);
    look();
    return promise;
  }
  return {
    client,
    events,
    said: () =>
      events.flatMap((event) => (event.kind === "push" && event.push.type === "said" ? [event.push.text] : [])),
    hears: (accepts: (event: FramesEvent) => boolean) => until(() => events.some(accepts)),
    reaches: (state: string, count: number) =>
      until(() => events.filter((event) => event.kind === "state" && event.state.kind === state).length >= count),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function online(server: FakeFramesServer, options: Options = {}) {
  const recorder = record(server, options);
  const state = await recorder.client.online();
  if (state.kind !== "online") throw new Error(`not online: ${JSON.stringify(state)}`);
  return recorder;
}
