import { expect, test } from "vitest";
import { DeliveryServiceWorld, everyone, found, id, owners } from "../../test/helpers/delivery-service.ts";

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
  expect(world.logs.get(`packages/${id("a1")}`)).toEqual([]);
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

test("SV-51 a released owner's key and devices are gone, with their packages, and the next device sets a new key", () => {
  const world = new DeliveryServiceWorld();
  world.accept(hello("a1", alice, 1, "first"));
  world.accept(hello("b1", bob, 1, "other"));
  world.publish("a1", 2);
  world.accept({ kind: "release-owner", owner: alice });
  expect(world.logs.get(`packages/${id("a1")}`)).toEqual([]);
  expect(world.refusal(hello("a1", alice, 2, "first"))).toEqual({ reason: "device-removed" });
  world.accept(hello("a2", alice, 1, "second"));
  expect(world.refusal(hello("a3", alice, 1, "first"))).toEqual({ reason: "other-user-key", userKey: "second" });
  world.accept(hello("b1", bob, 2, "other"));
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
