import { expect, test } from "vitest";
import { newSigningKey } from "../../src/mls/identity/ed25519.ts";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { startTestServer } from "../helpers/server.ts";
import { startScene } from "../helpers/tailnet.ts";

const ALICE = { kind: "name", identity: "alice" } as const;
const nowInSeconds = () => BigInt(Math.floor(Date.now() / 1000));

test("FR-8 a record that has ended is refused, and one that ends later is taken", async () => {
  await using server = await startTestServer();
  using peer = await FramePeer.connect(server.port);
  const userKey = newSigningKey();
  const ended = makeDevice(peer.hello.server.id, ALICE, userKey, nowInSeconds() - 60n);
  expect(await peer.ask("hello", peer.helloOf("alice", ended))).toEqual({ refusal: { reason: "wrong-device" } });
  const lasting = makeDevice(peer.hello.server.id, ALICE, userKey, nowInSeconds() + 3600n);
  expect(await peer.greet("alice", lasting)).toMatchObject({ name: "alice", device: { packages: 0 } });
});

test("FR-9 a device that is refused may be left out in another hello, under the same name", async () => {
  const { server, fake } = await startScene();
  const dial = async (node: string) =>
    await FramePeer.connect(server.port, { socket: await fake.dial(node, server.port) });
  using first = await dial("alice-laptop");
  const { owner } = first.hello.you;
  if (owner === null) throw new Error("nobody");
  await first.greet("alice", makeDevice(first.hello.server.id, owner));
  using second = await dial("alice-laptop");
  const pending = makeDevice(second.hello.server.id, owner);
  expect(await second.ask("hello", second.helloOf("alice", pending))).toMatchObject({
    refusal: { reason: "other-user-key" },
  });
  expect(await second.ask("hello", second.helloOf("bob", null))).toEqual({
    refusal: { reason: "already-registered" },
  });
  expect(await second.greet("alice", null)).toMatchObject({ name: "alice", device: null });
});

test("FR-10 why a connection ends is told once, and nothing is answered behind it", async () => {
  await using server = await startTestServer();
  using peer = await FramePeer.connect(server.port);
  await peer.greet("alice", null);
  for (const text of ["no frame", "nor this", '{"id":1,"type":"people","body":{"after":null}}']) peer.sendRaw(text);
  await peer.closed();
  expect(peer.pushes.filter(({ type }) => type === "ended")).toEqual([
    { type: "ended", cause: { kind: "refused", refusal: { reason: "malformed" } } },
  ]);
});

test("FR-12 without a tailnet a name is its first user key: frames without a device, or with another's key, don't bear it", async () => {
  await using server = await startTestServer();
  using first = await FramePeer.connect(server.port);
  const userKey = newSigningKey();
  await first.greet("alice", makeDevice(first.hello.server.id, ALICE, userKey));
  first[Symbol.dispose]();
  using second = await FramePeer.connect(server.port);
  const impostor = makeDevice(second.hello.server.id, ALICE);
  expect(await second.ask("hello", second.helloOf("alice", impostor))).toEqual({
    refusal: { reason: "other-user-key", userKey: Buffer.from(userKey.publicKey).toString("base64url") },
  });
  expect(await second.ask("hello", second.helloOf("ALICE", null))).toEqual({ refusal: { reason: "name-has-key" } });
  expect(await second.greet("alice", makeDevice(second.hello.server.id, ALICE, userKey))).toMatchObject({
    name: "alice",
  });
});

test("FR-12 a local device that may not come bears its name neither without itself", async () => {
  await using server = await startTestServer();
  using first = await FramePeer.connect(server.port);
  const device = makeDevice(first.hello.server.id, ALICE);
  await first.greet("alice", device);
  first[Symbol.dispose]();
  using copy = await FramePeer.connect(server.port);
  device.counter -= 1;
  expect(await copy.ask("hello", copy.helloOf("alice", device))).toEqual({ refusal: { reason: "rolled-back" } });
  expect(await copy.ask("hello", copy.helloOf("alice", null))).toEqual({ refusal: { reason: "name-has-key" } });
});

test("FR-12 nor does a classic line, the plain door or curl, and each is told what to do", async () => {
  await using server = await startTestServer();
  using device = await FramePeer.connect(server.port);
  await device.greet("alice", makeDevice(device.hello.server.id, ALICE));
  for (const isThere of [true, false]) {
    if (!isThere) device[Symbol.dispose]();
    const classic = await server.connect();
    expect(await classic.ask("REGISTER alice")).toBe(
      "ERROR This name belongs to a device that seals, and nobody can use it without its key: use pad chat with that device's folder, or another name",
    );
    expect(await classic.ask("REGISTER bob")).toBe("REGISTERED");
    classic.say("EXIT");
    await classic.closed();
    const plain = await server.connect();
    plain.write("\nalice\n");
    let line = "";
    while (!line.includes("That name belongs to a device")) line = await plain.line();
    expect(line).toContain("use pad chat with that device's folder, or another name.");
    plain.socket.destroy();
  }
});
