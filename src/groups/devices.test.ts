import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { DeliveryServiceWorld, everyone, found, id, owners } from "../../test/helpers/delivery-service.ts";
import { packageLog } from "./logs.ts";
import { apply, ownerKey } from "./state.ts";

const { alice, bob } = owners;

const hello = (device: string, owner: typeof alice | typeof bob, counter: number, userKey = "k") =>
  ({ kind: "device-online", session: 1, ...found(device, owner), userKey, record: "record", counter }) as const;

test("GR-22 of two first devices of a person one sets the user key, and the other hears of it", () => {
  const world = new DeliveryServiceWorld();
  world.accept(hello("a1", alice, 1, "first"));
  expect(world.refusal(hello("a2", alice, 1, "second"))).toEqual({ reason: "other-user-key", userKey: "first" });
  expect(world.accept(hello("a3", alice, 1, "first"))).toMatchObject({ kind: "online" });
  expect(world.accept(hello("b1", bob, 1, "second"))).toMatchObject({ kind: "online" });
});

test("GR-23 a hello whose counter doesn't rise is refused", () => {
  const world = new DeliveryServiceWorld();
  world.accept(hello("a1", alice, 5));
  expect(world.refusal(hello("a1", alice, 5))).toEqual({ reason: "rolled-back" });
  expect(world.refusal(hello("a1", alice, 4))).toEqual({ reason: "rolled-back" });
  world.accept(hello("a1", alice, 9));
});

test("GR-24 a device's id stays with its key and its owner, and a removed device stays out", () => {
  const world = new DeliveryServiceWorld();
  world.accept(hello("a1", alice, 1));
  expect(world.refusal({ ...hello("a1", alice, 2), key: "another" })).toEqual({ reason: "wrong-device" });
  expect(world.refusal({ ...hello("a1", alice, 2), owner: bob })).toEqual({ reason: "wrong-device" });
  world.publish("a1", 2);
  world.accept({ kind: "remove-device", device: id("a1"), why: "device-removed" });
  expect(world.refusal(hello("a1", alice, 3))).toEqual({ reason: "device-removed" });
  expect(world.logs.get(packageLog(id("a1"), 1_000))).toEqual([]);
});

test("GR-38 a person has so many devices and no more", () => {
  const world = new DeliveryServiceWorld({ maxDevicesPerOwner: 2, maxDevices: 3 });
  world.accept(hello("a1", alice, 1));
  world.accept(hello("a2", alice, 1));
  expect(world.refusal(hello("a3", alice, 1))).toEqual({ reason: "too-many", of: "devices" });
  world.accept({ kind: "remove-device", device: id("a1"), why: "device-removed" });
  world.accept(hello("a3", alice, 1));
  expect(world.refusal(hello("b1", bob, 1))).toEqual({ reason: "too-many", of: "devices" });
});

test("GR-38 whoever makes devices and removes them takes nobody else's room: of removed ones that no group has so many are remembered", () => {
  const world = new DeliveryServiceWorld({ maxDevices: 6, maxRemovedPerOwner: 2 });
  world.accept(hello("b1", bob, 1));
  world.accept(hello("a1", alice, 1));
  world.publish("a1", 1);
  world.create("b1", bob, "g", everyone, "open");
  world.add("b1", bob, "g", [["a1", alice]]);
  for (let n = 1; n <= 20; n += 1) {
    world.at += 1;
    world.accept(hello(`a${n + 1}`, alice, 1));
    world.accept({ kind: "remove-device", device: id(`a${n}`), why: "device-removed" });
  }
  expect(world.state.deviceCount).toBeLessThanOrEqual(5);
  world.accept(hello("b2", bob, 1));
  // Those that were removed last, and what a group still has, stay out; of all others nothing is known.
  for (const device of ["a20", "a1"]) {
    expect(world.refusal(hello(device, alice, 2))).toEqual({ reason: "device-removed" });
  }
  const known = [...(get(world.state.devicesOf, ownerKey(alice)) ?? [])].toSorted();
  expect(known).toEqual([id("a1"), id("a19"), id("a20"), id("a21")].toSorted());
});

test("SV-51 a released owner's key and devices are gone, with their packages, and the next device sets a new key", () => {
  const world = new DeliveryServiceWorld();
  world.accept(hello("a1", alice, 1, "first"));
  world.accept(hello("b1", bob, 1, "other"));
  world.publish("a1", 2);
  world.accept({ kind: "release-owner", owner: alice });
  expect(world.logs.get(packageLog(id("a1"), 1_000))).toEqual([]);
  expect(world.refusal(hello("a1", alice, 2, "first"))).toEqual({ reason: "device-removed" });
  world.accept(hello("a2", alice, 1, "second"));
  expect(world.refusal(hello("a3", alice, 1, "first"))).toEqual({ reason: "other-user-key", userKey: "second" });
  world.accept(hello("b1", bob, 2, "other"));
});

test("GR-38 a removed device that a Welcome waits for, and no more than is over the limit, is remembered, whoever was seen last", () => {
  const world = new DeliveryServiceWorld({ maxRemovedPerOwner: 2 });
  world.accept(hello("b1", bob, 1));
  world.create("b1", bob, "g", everyone, "open");
  for (const device of ["z1", "y2", "x3", "w4"]) {
    world.at += 1;
    world.accept(hello(device, alice, 1));
  }
  world.publish("z1", 1);
  world.add("b1", bob, "g", [["z1", alice]]);
  expect(get(world.state.welcomes, `${id("g")}/${id("z1")}`)).toBeDefined();
  const group = get(world.state.groups, id("g"))!;
  // As after a restore from a backup: the Welcome is there, the member isn't.
  const { [id("z1")]: _, ...members } = group.members;
  world.state = apply(world.state, { table: "group", key: id("g"), value: { ...group, members } });
  for (const device of ["z1", "y2", "x3", "w4"]) {
    world.accept({ kind: "remove-device", device: id(device), why: "device-removed" });
  }
  world.at += 1;
  world.accept(hello("v5", alice, 1));
  const known = () => [...(get(world.state.devicesOf, ownerKey(alice)) ?? [])].toSorted();
  // Two are over the limit, and the two that were seen first of those that may go.
  expect(known()).toEqual([id("v5"), id("w4"), id("z1")]);
});

test("GR-24 a device takes another of its own owner's out, none of anybody else's and not itself, and is under the present user key", () => {
  const world = new DeliveryServiceWorld();
  world.accept(hello("a1", alice, 1));
  world.accept(hello("a2", alice, 1));
  world.accept(hello("b1", bob, 1));
  const retire = (device: string, other: string) =>
    world.refusal({ kind: "retire-device", device: id(device), other: id(other) });
  expect(retire("a1", "b1")).toEqual({ reason: "unknown-device", device: id("b1") });
  expect(retire("a1", "none")).toEqual({ reason: "unknown-device", device: id("none") });
  expect(retire("none", "a1")).toEqual({ reason: "unknown-device", device: id("none") });
  expect(retire("a1", "a1")).toEqual({ reason: "wrong-device" });
  world.accept({ kind: "retire-device", device: id("a1"), other: id("a2") });
  expect(world.pushes.at(-1)).toMatchObject({ push: { kind: "devices" } });
  const told = world.pushes.length;
  // Said again it changes nothing and is news to nobody; and who is out takes nobody out.
  world.accept({ kind: "retire-device", device: id("a1"), other: id("a2") });
  expect(world.pushes).toHaveLength(told);
  expect(retire("a2", "a1")).toEqual({ reason: "device-removed" });
  expect(world.refusal({ kind: "remove-device", device: id("a2"), why: "unseen" })).toEqual({
    reason: "device-removed",
  });
});

test("GR-24 a removed device is to be removed from its groups", () => {
  const world = new DeliveryServiceWorld();
  world.online("a1", alice);
  world.online("b1", bob);
  world.publish("b1", 1);
  world.create("a1", alice, "g", everyone, "open");
  world.add("a1", alice, "g", [["b1", bob]]);
  world.accept({ kind: "remove-device", device: id("b1"), why: "device-removed" });
  expect(world.pushes.at(-1)).toEqual({
    to: [id("a1")],
    except: null,
    push: { kind: "removal-due", group: id("g"), devices: [id("b1")], since: 1_000, until: 301_000 },
  });
});
