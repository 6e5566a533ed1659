import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Group } from "../../src/mls/group-engine.ts";
import { newSigningKey, type SigningKey } from "../../src/mls/identity/ed25519.ts";
import { OPEN } from "../../src/agent/runtime/arriving.ts";
import { FramePeer, makeDevice, type TestDevice } from "../helpers/frame-peer.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";

const newId = () => randomBytes(16).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

interface Person {
  readonly peer: FramePeer;
  readonly device: TestDevice;
  readonly id: string;
}

let server: TestServer;
let alice: Person;
let group: string;
let room: Group;

beforeEach(async () => {
  server = await startTestServer();
  alice = await arrive("alice", { features: ["joiners"] });
  group = newId();
  room = alice.device.engine.createGroup(new Uint8Array(Buffer.from(group, "base64url")), OPEN);
  await alice.peer.get("create-group", { group, place: { kind: "everyone" }, groupInfo: room.info() });
});
afterEach(async () => {
  await server.stop();
});

test("GR-60 a member is told who waits, adds them with one commit, and they get Welcomes in place of turns", async () => {
  const [bob, carol, dan] = await crowd("bob", "carol", "dan");
  expect(await bob.peer.get("ask-turn", { group, orAdded: true })).toEqual({ granted: true });
  for (const { peer } of [carol, dan])
    expect(await peer.get("ask-turn", { group, orAdded: true })).toEqual({ granted: false });
  await bob.peer.get("give-up-turn", { group });
  const { devices } = await alice.peer.next("joiners");
  expect(devices).toEqual([carol.id, dan.id]);
  await add(devices);
  for (const { peer } of [carol, dan]) {
    expect((await peer.next("group")).group).toMatchObject({ group, welcome: true, members: 3 });
    expect(peer.pushes.filter(({ type }) => type === "turn")).toEqual([]);
  }
  // Nobody waits any longer.
  expect(await bob.peer.get("ask-turn", { group, orAdded: true })).toEqual({ granted: true });
});

test("GR-61 a member that gives up the turn is passed over: those who wait come in by themselves", async () => {
  const [bob, carol, dan] = await crowd("bob", "carol", "dan");
  for (const { peer } of [bob, carol, dan]) await peer.get("ask-turn", { group, orAdded: true });
  await bob.peer.get("give-up-turn", { group });
  await alice.peer.next("joiners");
  await alice.peer.get("give-up-turn", { group });
  await carol.peer.next("turn");
  await carol.peer.get("give-up-turn", { group });
  await dan.peer.next("turn");
});

test("GR-62 whoever has no key packages, or is in already, isn't added; who can't add isn't asked", async () => {
  const [bob, carol] = await crowd("bob", "carol");
  const [dan, erin] = [await arrive("dan"), await arrive("erin")];
  for (const { peer } of [bob, dan, erin, carol]) await peer.get("ask-turn", { group, orAdded: true });
  await bob.peer.get("give-up-turn", { group });
  await dan.peer.next("turn");
  await dan.peer.get("give-up-turn", { group });
  await erin.peer.next("turn");
  await erin.peer.get("give-up-turn", { group });
  // One alone comes in by itself.
  await carol.peer.next("turn");
  await carol.peer.get("give-up-turn", { group });

  alice.peer[Symbol.dispose]();
  await alice.peer.closed();
  alice = { ...alice, peer: await FramePeer.connect(server.port) };
  await alice.peer.greet("alice", alice.device);
  for (const { peer } of [dan, bob, carol]) await peer.get("ask-turn", { group, orAdded: true });
  await dan.peer.get("give-up-turn", { group });
  await bob.peer.next("turn");
});

test("GR-35 a device that is removed while it has the turn, or waits for it, lets go of it as its connection ends", async () => {
  const userKey = newSigningKey();
  const [bob, lost] = [await arrive("bob", { userKey }), await arrive("bob", { userKey })];
  const carol = await arrive("carol");
  expect(await lost.peer.get("ask-turn", { group, orAdded: false })).toEqual({ granted: true });
  await bob.peer.get("retire-device", { device: lost.id });
  await lost.peer.closed();
  expect(await carol.peer.get("ask-turn", { group, orAdded: false })).toEqual({ granted: true });

  const other = await arrive("bob", { userKey });
  expect(await other.peer.get("ask-turn", { group, orAdded: false })).toEqual({ granted: false });
  await bob.peer.get("retire-device", { device: other.id });
  await other.peer.closed();
  await carol.peer.get("give-up-turn", { group });
  expect(await bob.peer.get("ask-turn", { group, orAdded: false })).toEqual({ granted: true });
});

async function add(devices: readonly string[]): Promise<void> {
  const { packages } = await alice.peer.get("take-packages", { group, of: [...devices] });
  const { epoch } = room;
  const { commit, welcome, groupInfo } = room.commitAdd(
    packages.map(({ keyPackage }) => keyPackage),
    now(),
  );
  await alice.peer.get("commit", { group, request: newId(), epoch, commit, welcome, groupInfo });
  room.apply();
}

async function crowd<const N extends readonly string[]>(...names: N): Promise<{ [K in keyof N]: Person }> {
  const people: Person[] = [];
  for (const name of names) {
    const one = await arrive(name);
    const { keyPackage } = one.device.engine.keyPackage({ now: now(), lifetime: 86_400 });
    await one.peer.get("publish-packages", { packages: [keyPackage], lastResort: null, replace: false });
    people.push(one);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one for each name
  return people as { [K in keyof N]: Person };
}

async function arrive(
  name: string,
  { features = [], userKey }: { readonly features?: readonly string[]; readonly userKey?: SigningKey } = {},
): Promise<Person> {
  const peer = await FramePeer.connect(server.port);
  const device = makeDevice(peer.hello.server.id, { kind: "name", identity: name }, userKey);
  await peer.greet(name, device, features);
  return { peer, device, id: Buffer.from(device.id).toString("base64url") };
}
