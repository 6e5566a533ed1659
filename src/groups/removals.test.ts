import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { DeliveryServiceWorld, everyone, found, id, ops, owners } from "../../test/helpers/delivery-service.ts";
import { mayReadInfo, readable, viewOf } from "./reading.ts";
import { applyLive } from "./state.ts";

const { alice, bob, carol } = owners;
const DAY = 86_400_000;

/** Alice, bob (two devices) and carol in #everyone. */
function world(): DeliveryServiceWorld {
  const made = new DeliveryServiceWorld();
  made.online("a1", alice);
  made.online("b1", bob);
  made.online("b2", bob);
  made.online("c1", carol);
  for (const device of ["b1", "b2", "c1"]) made.publish(device, 4);
  made.create("a1", alice, "g", everyone, "open");
  made.add("a1", alice, "g", [
    ["b1", bob],
    ["b2", bob],
    ["c1", carol],
  ]);
  return made;
}

const bar = (made: DeliveryServiceWorld) => made.accept({ kind: "bar-owner", owner: bob });
const unbar = (made: DeliveryServiceWorld) => made.accept({ kind: "unbar-owner", owner: bob });
const removalOf = (made: DeliveryServiceWorld, device: string) => viewOf(made.state, id(device), id("g"))?.removal;

test("GR-45 a banned person's devices get nothing any more, and every member hears whom to remove, since when, and until when", () => {
  const made = world();
  made.at = 5_000;
  bar(made);
  const due = { devices: [id("b1"), id("b2")], since: 5_000, until: 305_000 };
  expect(made.pushes.at(-1)).toEqual({
    to: [id("a1"), id("c1")],
    except: null,
    push: { kind: "removal-due", group: id("g"), ...due },
  });
  expect([removalOf(made, "a1"), removalOf(made, "b1")]).toEqual([due, null]);
  made.send("a1", "g", 1);
  expect(made.pushes.at(-1)?.to).toEqual([id("a1"), id("c1")]);
  expect(readable(made.state, id("b1"), id("g"), 0)).toEqual({ refusal: { reason: "not-a-member-of-group" } });
  expect(mayReadInfo(made.state, id("b1"), id("g"))).toBe(false);
  expect(made.send("b1", "g", 1)).toEqual({ refusal: { reason: "not-a-member-of-group" } });
});

test("GR-45 nobody is given a banned person's key packages, or adds its devices by those given out before", () => {
  const made = world();
  made.create("a1", alice, "h", ops, "invite");
  const take = { kind: "take-packages", device: id("a1"), group: id("h"), of: [id("b1")] } as const;
  const taken = made.accept(take);
  if (taken.kind !== "packages") throw new Error("no packages");
  bar(made);
  expect(made.refusal(take)).toEqual({ reason: "unknown-device", device: id("b1") });
  const welcomed = taken.packages.map(({ reference }) => reference);
  const add = made.commit("a1", alice, "h", { kind: "add", added: [found("b1", bob)], welcomed });
  expect(made.refusal(add)).toEqual({ reason: "unknown-device", device: id("b1") });
  unbar(made);
  made.accept(add);
});

test("GR-45 a banned person's devices neither come nor come in by themselves", () => {
  const made = world();
  bar(made);
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("b1", bob), found("b2", bob)] }));
  expect(removalOf(made, "a1")).toBe(null);
  expect(made.refusal(made.commit("b1", bob, "g", { kind: "external-join" }))).toEqual({ reason: "not-allowed" });
  expect(() => made.online("b1", bob)).toThrow("not-allowed");
  unbar(made);
  made.online("b1", bob);
  made.accept(made.commit("b1", bob, "g", { kind: "external-join" }));
});

test("GR-46 unban lifts what nobody has committed yet, and every member hears of it; who has left stays left", () => {
  const made = world();
  made.accept({ kind: "leave", device: id("c1"), group: id("g") });
  bar(made);
  expect(removalOf(made, "a1")?.devices).toEqual([id("c1"), id("b1"), id("b2")]);
  unbar(made);
  expect(made.pushes.at(-1)).toMatchObject({
    to: [id("a1"), id("b1"), id("b2")],
    push: { kind: "removal-due", devices: [id("c1")] },
  });
  made.send("a1", "g", 1);
  expect(made.pushes.at(-1)?.to).toEqual([id("a1"), id("b1"), id("b2")]);
});

test("GR-46 a removed device stays to be removed when a ban of its person is lifted", () => {
  const made = world();
  made.accept({ kind: "remove-device", device: id("b1"), why: "device-removed" });
  bar(made);
  unbar(made);
  expect(removalOf(made, "a1")?.devices).toEqual([id("b1")]);
});

test("GR-47 a device unseen for so long is to be removed; who is there has been seen; who comes back in time stays", () => {
  const made = world();
  made.state = applyLive(made.state, { kind: "device-came", device: id("a1"), session: 7, replaced: null });
  const look = () => made.accept({ kind: "look-at-devices", devices: ["a1", "b1", "b2", "c1"].map(id) });
  made.at = 30 * DAY;
  made.online("c1", carol);
  made.at = 60 * DAY + 999;
  look();
  expect(removalOf(made, "a1")).toBe(null);
  expect(get(made.state.devices, id("a1"))?.seen).toBe(60 * DAY + 999);
  made.at = 60 * DAY + 1_000;
  look();
  expect(removalOf(made, "a1")?.devices).toEqual([id("b1"), id("b2")]);
  made.online("b2", bob);
  expect(removalOf(made, "a1")?.devices).toEqual([id("b1")]);
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("b1", bob)] }));
  made.online("b1", bob);
  made.accept(made.commit("b1", bob, "g", { kind: "external-join" }));
});

test("GR-45 since when somebody is to be removed doesn't start anew with the next one, nor with the same once more", () => {
  const made = world();
  made.at = 5_000;
  bar(made);
  made.at = 6_000;
  made.accept({ kind: "leave", device: id("c1"), group: id("g") });
  expect(removalOf(made, "a1")).toEqual({ devices: [id("b1"), id("b2"), id("c1")], since: 5_000, until: 305_000 });
  const told = made.pushes.length;
  bar(made);
  expect(made.pushes).toHaveLength(told);
  // When all of them are out it does.
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: ["b1", "b2"].map((one) => found(one, bob)) }));
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("c1", carol)] }));
  made.at = 7_000;
  unbar(made);
  made.online("b1", bob);
  made.accept(made.commit("b1", bob, "g", { kind: "external-join" }));
  bar(made);
  expect(removalOf(made, "a1")).toMatchObject({ devices: [id("b1")], since: 7_000 });
});

test("GR-45 of a group that has ended nobody is to be removed", () => {
  const made = world();
  for (const device of ["a1", "c1"]) {
    made.accept({ kind: "report-commit", device: id(device), group: id("g"), number: 1 });
  }
  const before = get(made.state.groups, id("g"));
  bar(made);
  expect(get(made.state.groups, id("g"))).toBe(before);
});

test("GR-47 who is removed, or nobody's, is looked at for nothing", () => {
  const made = world();
  made.accept({ kind: "remove-device", device: id("b1"), why: "device-removed" });
  made.at = 90 * DAY;
  made.accept({ kind: "look-at-devices", devices: [id("b1"), id("none")] });
  expect(get(made.state.groups, id("g"))?.ordered).toEqual({ [id("b1")]: "device-removed" });
  made.state = applyLive(made.state, { kind: "device-came", device: id("b1"), session: 7, replaced: null });
  made.accept({ kind: "look-at-devices", devices: [id("b1")] });
  expect(get(made.state.devices, id("b1"))?.seen).toBe(1_000);
});
