import { expect, test } from "vitest";
import { INVITE, LIFETIME, newDevice, NOW, OPEN } from "../../../test/mls/people.ts";
import { addAll } from "../../../test/mls/room.ts";
import type { Group, GroupEngine, PendingCommit } from "../../mls/group-engine.ts";
import { createObservers } from "../../mls/create-observers.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import { findInCommit, findInGroupInfo } from "./findings.ts";
import { base64url } from "./found-device.ts";

const SERVER = new TextEncoder().encode("server");
const observers = createObservers();
const id = Buffer.from("a room");

test("GR-13 of a commit that adds it is found who made it, whom it adds, and by which key packages", () => {
  const [alice, bob] = [newDevice({ identity: "1" }), newDevice({ identity: "2" })];
  const group = alice.createGroup(id, OPEN);
  const offered = offeredBy(bob);
  const found = findingsOf(group.info(), group.commitAdd([offered.keyPackage], NOW));
  expect(found).toMatchObject({
    kind: "add",
    epoch: 1,
    committer: { key: base64url(alice.deviceKey), owner: { kind: "person", identity: "1" } },
    byModerator: false,
    added: [{ key: base64url(bob.deviceKey), owner: { kind: "person", identity: "2" } }],
    removed: [],
    welcomed: [base64url(offered.reference)],
    access: "open",
  });
});

test("GR-13 a commit isn't right whose Welcome is for others than it adds, or for none, or whose group info isn't of the epoch that it makes", () => {
  const [alice, bob, carol] = [1, 2, 3].map((identity) => newDevice({ identity: `${identity}` }));
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error("three were made");
  const group = alice.createGroup(id, OPEN);
  const before = group.info();
  const [packageOfBob, packageOfCarol] = [offeredBy(bob).keyPackage, offeredBy(carol).keyPackage];
  const forBoth = cleared(group, group.commitAdd([packageOfBob, packageOfCarol], NOW));
  const forCarol = cleared(group, group.commitAdd([packageOfCarol], NOW));
  const update = cleared(group, group.commitUpdate());
  const right = group.commitAdd([packageOfBob], NOW);
  expect(findingsOf(before, right)).not.toBeNull();
  for (const wrong of [
    { ...right, welcome: null },
    { ...right, welcome: forCarol.welcome },
    { ...right, welcome: forBoth.welcome },
    { ...right, welcome: new Uint8Array(100) },
    { ...right, groupInfo: before },
    { ...right, groupInfo: forCarol.groupInfo },
    { ...update, welcome: right.welcome },
    { ...right, commit: new Uint8Array(100) },
  ])
    expect(findingsOf(before, wrong)).toBeNull();
});

test("GR-13 neither a commit nor a new group is right whose devices have records of another server", () => {
  const [alice, bob] = [newDevice({ identity: "1" }), newDevice({ identity: "2" })];
  const group = alice.createGroup(id, OPEN);
  const elsewhere = new TextEncoder().encode("elsewhere");
  expect(findInGroupInfo(observers, group.info(), SERVER)).toMatchObject({ epoch: 0, members: [{}], access: "open" });
  expect(findInGroupInfo(observers, group.info(), elsewhere)).toBeNull();
  expect(findInGroupInfo(observers, new Uint8Array(100), SERVER)).toBeNull();
  const before = group.info();
  const added = group.commitAdd([offeredBy(bob).keyPackage], NOW);
  expect(findingsOf(before, added, SERVER)).not.toBeNull();
  expect(findingsOf(before, added, elsewhere)).toBeNull();
});

test("GR-15 who moderates is known by kind and identity, in the policy from before the commit", async () => {
  const moderators = [
    { kind: "person", identity: "1" },
    { kind: "machine", identity: "2" },
  ] as const;
  const policy: RoomPolicy = { ...INVITE, remove: "moderators", moderators };
  const [alice, bob] = [newDevice({ identity: "1" }), newDevice({ identity: "2" })];
  const group = alice.createGroup(id, policy);
  const [atBob] = await addAll(group, [], [bob]);
  if (atBob === undefined) throw new Error("nobody came");
  expect(findingsOf(group.info(), atBob.commitUpdate())?.byModerator).toBe(false);
  expect(findingsOf(group.info(), cleared(group, group.commitUpdate()))?.byModerator).toBe(true);
  const without = { ...policy, moderators: moderators.slice(1) };
  expect(findingsOf(group.info(), group.commitPolicy(without))?.byModerator).toBe(true);
});

test("GR-17 whoever comes in by itself is the one who commits, and is added by nobody", async () => {
  const [alice, bob] = [newDevice({ identity: "1" }), newDevice({ identity: "2" })];
  const info = alice.createGroup(id, OPEN).info();
  const joined = await bob.joinExternal(info);
  const found = findingsOf(info, { ...joined, welcome: null });
  const committer = { key: base64url(bob.deviceKey) };
  expect(found).toMatchObject({ kind: "external-join", committer, added: [], removed: [], welcomed: [] });
});

function findingsOf(
  before: Uint8Array,
  sent: Pick<PendingCommit, "commit" | "welcome" | "groupInfo">,
  server: Uint8Array = SERVER,
) {
  const observer = observers.observe(before);
  const found = findInCommit(observer, sent, server, NOW);
  observer.close();
  return found;
}

/** The commit, which isn't on its way any more. */
function cleared(group: Group, pending: PendingCommit): PendingCommit {
  group.clear();
  return pending;
}

function offeredBy(engine: GroupEngine) {
  return engine.keyPackage({ now: NOW, lifetime: LIFETIME });
}
