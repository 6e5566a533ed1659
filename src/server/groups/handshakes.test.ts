import { expect, test } from "vitest";
import { bytes, DeliveryServiceWorld, id, ops, owners } from "../../../test/helpers/delivery-service.ts";
import type { GroupCommand } from "../../groups/commands.ts";
import type { Observers } from "../../mls/group-observer.ts";
import { Handshakes } from "./handshakes.ts";

const { alice, bob, carol } = owners;
const SIZES = { maxPackages: 3, maxKeyPackage: 10, maxCommit: 20, maxGroupInfo: 30 };
const small = { commit: new Uint8Array(20), welcome: new Uint8Array(30), groupInfo: new Uint8Array(30) };

test("GR-51 a commit that is too large, of nobody who may commit there now, or in no group, is refused before anything is looked at", async () => {
  const { handshakes, looked, asked } = scene();
  const commit = async (device: string, sent: Partial<typeof small> = {}, group = "g") =>
    await handshakes.commit(
      { session: 1, device: id(device) },
      { ...small, ...sent, group: id(group), request: "another", epoch: 0 },
    );
  for (const sent of [
    { commit: new Uint8Array(21) },
    { welcome: new Uint8Array(31) },
    { groupInfo: new Uint8Array(31) },
  ])
    expect(await commit("a1", sent)).toEqual(refused("too-large"));
  expect(await commit("a1", {}, "none")).toEqual(refused("unknown-group"));
  expect(await commit("c1")).toEqual(refused("not-a-member-of-group"));
  expect(await commit("b1")).toEqual(refused("not-your-turn"));
  expect([looked, asked]).toEqual([[], []]);
  // Whose turn it is, is looked at.
  await commit("a1");
  expect([looked.length > 0, asked.length]).toEqual([true, 1]);
});

test("GR-11 a commit that is told again outside its device's turn gets the first answer again", async () => {
  const { handshakes, asked, world } = scene();
  const sent = world.commit("b1", bob, "g", { kind: "update" }, "first");
  world.accept(sent);
  const { group, request, epoch } = sent;
  await handshakes.commit({ session: 1, device: id("b1") }, { ...small, group, request, epoch });
  expect(asked.map(({ kind }) => kind)).toEqual(["commit"]);
});

test("GR-51 a group info over the limit isn't looked at", async () => {
  const { handshakes, looked, asked } = scene();
  const create = async (length: number) =>
    await handshakes.create(
      { session: 1, device: id("a1") },
      { group: id("new"), place: ops, groupInfo: new Uint8Array(length), source: "here" },
    );
  await create(31);
  expect(looked).toEqual([]);
  expect(asked).toMatchObject([{ kind: "create-group", found: null }]);
  await create(30);
  expect(looked).toEqual(["observe"]);
});

test("GR-51 more key packages than a device may have waiting aren't looked at, nor are those over the limit", async () => {
  const { handshakes, looked, asked, world } = scene();
  world.publish("a1", 2, false);
  const publish = async (count: number, length = 10, replace = false) =>
    await handshakes.publish(
      { session: 1, device: id("a1") },
      { packages: Array.from({ length: count }, () => new Uint8Array(length)), lastResort: null, replace },
    );
  const tooMany = { ok: false, refusal: { reason: "too-many", of: "key-packages" } };
  const invalid = { ok: false, refusal: { reason: "invalid-handshake" } };
  expect(await publish(2)).toEqual(tooMany);
  expect(await publish(4, 10, true)).toEqual(tooMany);
  expect(await publish(1, 11)).toEqual(invalid);
  expect([looked, asked]).toEqual([[], []]);
  // In place of those that wait, and beside them.
  expect(await publish(3, 10, true)).toEqual(invalid);
  expect(await publish(1)).toEqual(invalid);
  expect(looked).toEqual(["inspectKeyPackage", "inspectKeyPackage"]);
});

function refused(reason: string) {
  return { ok: false, refusal: { reason } };
}

/** A room of alice's device, whose turn it is, and bob's, beside carol's; everything that is looked at is refused. */
function scene() {
  const world = new DeliveryServiceWorld();
  for (const [device, owner] of [
    ["a1", alice],
    ["b1", bob],
    ["c1", carol],
  ] as const)
    world.online(device, owner);
  world.publish("b1", 1);
  world.create("a1", alice, "g", ops, "invite");
  world.add("a1", alice, "g", [["b1", bob]]);
  const looked: string[] = [];
  const look = (what: string) => () => {
    looked.push(what);
    throw new Error("not right");
  };
  const observers: Observers = {
    observe: look("observe"),
    load: look("load"),
    inspectKeyPackage: look("inspectKeyPackage"),
  };
  const asked: GroupCommand[] = [];
  const handshakes = new Handshakes({
    state: () => world.state,
    ask: async (command) => {
      asked.push(command);
      return await Promise.resolve({ kind: "refused", refusal: { reason: "invalid-handshake" } });
    },
    settings: { ...world.state.settings, ...SIZES },
    server: bytes("server"),
    observers,
    turns: { holder: () => id("a1"), committed: () => {} },
    read: async () => {
      looked.push("read");
      return await Promise.resolve([]);
    },
    now: () => 0,
  });
  return { handshakes, looked, asked, world };
}
