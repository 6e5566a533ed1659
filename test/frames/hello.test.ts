import { expect, test } from "vitest";
import { newSigningKey } from "../../src/mls/identity/ed25519.ts";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { startTestServer } from "../helpers/server.ts";

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
  await using server = await startTestServer();
  using first = await FramePeer.connect(server.port);
  await first.greet("alice", makeDevice(first.hello.server.id, ALICE));
  using second = await FramePeer.connect(server.port);
  const pending = makeDevice(second.hello.server.id, ALICE);
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
