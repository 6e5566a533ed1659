import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { DeliveryServiceWorld, everyone, found, id, owners } from "../../test/helpers/delivery-service.ts";
import type { RotateUserKey, ServerCommand } from "./commands.ts";
import { floorOf, takesOver } from "./receipts.ts";
import { apply, applyLive, ownerKey } from "./state.ts";

const { alice, bob } = owners;
const sealKey = { key: "seal-key", signature: "signature" };

function online(
  device: string,
  userKey = "first",
  more: Partial<Extract<ServerCommand, { kind: "device-online" }>> = {},
) {
  return {
    kind: "device-online",
    session: 1,
    ...found(device, alice),
    userKey,
    record: `${device} under ${userKey}`,
    counter: 1,
    sealKey,
    ...more,
  } as const;
}

function rotate(by: string, given: Partial<RotateUserKey> & { readonly stay?: readonly string[] } = {}): RotateUserKey {
  const { stay = [], userKey = "second", ...more } = given;
  return {
    kind: "rotate-user-key",
    device: id(by),
    owner: alice,
    former: "first",
    userKey,
    removed: [id("a2")],
    statement: "statement",
    own: { key: found(by, alice).key, record: `${by} under ${userKey}` },
    staying: stay.map((name) => ({
      device: id(name),
      key: found(name, alice).key,
      record: `${name} under ${userKey}`,
      sealed: "sealed",
    })),
    ...more,
  };
}

function keep(statements: readonly string[], userKey = "first", device = "a1") {
  return { kind: "keep-successions", device: id(device), userKey, statements } as const;
}

/** Alice's three, in a group with bob's. */
function world(): DeliveryServiceWorld {
  const made = new DeliveryServiceWorld();
  for (const device of ["a1", "a2", "a3"]) made.accept(online(device));
  made.online("b1", bob);
  made.publish("a2", 2);
  made.create("b1", bob, "g", everyone, "open");
  made.add("b1", bob, "g", [["a2", alice]]);
  return made;
}

/** One that a1 has confirmed, and that has not come. */
function confirm(w: DeliveryServiceWorld, device: string, userKey = "first"): void {
  const { key } = found(device, alice);
  const asks = { ...found(device, alice), label: "", sealKey, token: null, source: "", fresh: false };
  w.accept({ kind: "ask-confirmation", session: 1, ...asks });
  const given = { other: id(device), owner: alice, key, userKey, record: "r", sealed: "s" };
  w.accept({ kind: "confirm-device", device: id("a1"), ...given });
}

test("GR-58 a rotation removes, gives the others their records, and has the removed ones' leaves removed", () => {
  const w = world();
  w.accept(rotate("a1", { stay: ["a3"] }));
  expect(get(w.state.devices, id("a2"))?.removed).toBe(true);
  expect(get(w.state.packages, id("a2"))).toMatchObject({ references: [], lastResort: null, handedOut: [] });
  expect(get(w.state.devices, id("a3"))).toMatchObject({ userKey: "second", record: "a3 under second" });
  expect(get(w.state.confirmations, id("a3"))).toMatchObject({ statement: "statement", sealed: "sealed" });
  expect(get(w.state.groups, id("g"))?.ordered).toEqual({ [id("a2")]: "device-removed" });
  expect(w.pushes.map(({ push }) => push.kind)).toEqual(
    expect.arrayContaining(["removal-due", "confirmed", "devices"]),
  );
});

test("GR-58 a rotation that forgets a device with a seal key, or names another's, is refused", () => {
  const w = world();
  expect(w.refusal(rotate("a1"))).toEqual({ reason: "unknown-device", device: id("a3") });
  expect(w.refusal(rotate("a1", { stay: ["a3", "a2"] }))).toEqual({ reason: "unknown-device", device: id("a2") });
  expect(w.refusal(rotate("a1", { stay: ["a3", "a3"] }))).toEqual({ reason: "unknown-device", device: id("a3") });
  expect(w.refusal(rotate("a1", { stay: ["a3"], removed: [id("b1")] }))).toEqual({
    reason: "unknown-device",
    device: id("b1"),
  });
  expect(w.refusal(rotate("a1", { stay: ["a2", "a3"], removed: [id("a1")] }))).toEqual({ reason: "wrong-device" });
  expect(w.refusal(rotate("a1", { stay: ["a3"], userKey: "first" }))).toMatchObject({ reason: "other-user-key" });
  w.accept(rotate("a1", { stay: ["a3"], removed: [id("a2"), id("a2")] }));
});

test("GR-58 who rotates is under the present key, says its own owner and key, and names each that stays by its key", () => {
  const w = world();
  const wrong = { reason: "wrong-device" };
  expect(w.refusal(rotate("a1", { stay: ["a3"], owner: bob }))).toEqual(wrong);
  const {
    own,
    staying: [a3],
  } = rotate("a1", { stay: ["a3"] });
  expect(w.refusal(rotate("a1", { stay: ["a3"], own: { ...own, key: "another" } }))).toEqual(wrong);
  expect(w.refusal(rotate("a1", { staying: [{ ...a3!, key: "another" }] }))).toEqual(wrong);
  expect(w.refusal(rotate("a1", { stay: ["a3"], removed: [id("none")] }))).toEqual({
    reason: "unknown-device",
    device: id("none"),
  });
  expect(w.refusal(rotate("a1", { stay: ["a3"], former: "zero" }))).toEqual({
    reason: "other-user-key",
    userKey: "first",
  });
  expect(w.refusal(rotate("a9", { stay: ["a3"] }))).toEqual({ reason: "unknown-device", device: id("a9") });
});

test("GR-58 a device that no rotation names hears that its key isn't the present one, and no other does", () => {
  const w = world();
  w.accept(online("a4", "first", { sealKey: null, session: 4 }));
  for (const [device, session] of [
    ["a1", 1],
    ["a3", 3],
    ["a4", 4],
  ] as const)
    w.state = applyLive(w.state, { kind: "device-came", device: id(device), session, replaced: null });
  const decision = w.run(rotate("a1", { stay: ["a3"] }));
  expect("refusal" in decision ? [] : decision.live).toEqual([
    { kind: "session-ended", session: 4, refusal: { reason: "other-user-key", userKey: "second" } },
  ]);
});

test("GR-58 a device without a seal key waits to be confirmed anew, and what confirmed others under the former key is void", () => {
  const w = world();
  w.accept(online("a4", "first", { sealKey: null }));
  confirm(w, "a5");
  w.accept(rotate("a1", { stay: ["a3"] }));
  expect(get(w.state.confirmations, id("a5"))).toBe(undefined);
  for (const device of ["a4", "a5"]) {
    expect(w.refusal(online(device, "first", { counter: 2 }))).toEqual({ reason: "other-user-key", userKey: "second" });
  }
  const takeover = rotate("a4", { former: "second", userKey: "third", removed: [id("a1"), id("a3")] });
  expect(w.refusal(takeover)).toEqual({ reason: "other-user-key", userKey: "second" });
  const take = { kind: "take-packages", device: id("b1"), group: id("g"), of: [id("a4")] } as const;
  expect(w.refusal(take)).toEqual({ reason: "unknown-device", device: id("a4") });
});

test("GR-59 of two rotations from one key one counts, also where the second comes from a device that the first one gave its record", () => {
  const w = world();
  w.accept(rotate("a1", { stay: ["a3"] }));
  w.accept(rotate("a1", { stay: ["a3"] }));
  expect(w.refusal(rotate("a3", { stay: ["a1"], userKey: "third" }))).toEqual({
    reason: "other-user-key",
    userKey: "second",
  });
  w.accept(online("a3", "first", { counter: 2 }));
  expect(get(w.state.devices, id("a3"))).toMatchObject({ userKey: "second", record: "a3 under second", counter: 2 });
});

test("GR-71 what former keys have signed is kept in its order, eight of it at most, and nothing of it where the owner begins anew", () => {
  const w = world();
  const kept = () => get(w.state.userKeys, ownerKey(alice))?.statements;
  expect(kept()).toBe(undefined);
  w.accept(rotate("a1", { stay: ["a3"], statement: "s1" }));
  for (let nth = 2; nth <= 9; nth += 1) {
    const [former, userKey] = [nth === 2 ? "second" : `key ${nth - 1}`, `key ${nth}`];
    w.accept(rotate("a1", { former, userKey, stay: ["a3"], statement: `s${nth}` }));
  }
  expect(kept()).toEqual(["s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9"]);
  w.accept({
    kind: "reset-user-key",
    session: 1,
    ...found("a9", alice),
    userKey: "new",
    record: "r",
    counter: 1,
    sealKey,
  });
  expect(kept()).toBe(undefined);
});

test("GR-68 a device that comes back after it was removed, and one under an id that was forgotten, publish where their log goes on", () => {
  const w = world();
  w.accept(rotate("a1", { stay: ["a3"] }));
  // As a receipt brings it back (GR-59).
  const row = get(w.state.devices, id("a2"));
  if (row === undefined) throw new Error("it is known");
  w.state = apply(w.state, { table: "device", key: id("a2"), value: { ...row, removed: false, userKey: "second" } });
  w.publish("a2", 2);
  expect(get(w.state.packages, id("a2"))?.references.length).toBe(2);
  // Forgotten, and used again by somebody who can sign for it.
  w.at += 1;
  w.state = apply(w.state, { table: "device", key: id("a2"), value: null });
  w.state = apply(w.state, { table: "packages", key: id("a2"), value: null });
  w.accept(online("a2", "second"));
  w.publish("a2", 2);
  expect(get(w.state.packages, id("a2"))).toMatchObject({ first: 1, life: w.at });
});

test("GR-71 a device of the owner tells what a restored server has forgotten: more than there is, of the present key, and no key changes by it", () => {
  const w = world();
  const kept = () => get(w.state.userKeys, ownerKey(alice))?.statements;
  w.accept(keep(["s1", "s2"]));
  expect(kept()).toEqual(["s1", "s2"]);
  w.accept(keep(["t1", "t2"]));
  w.accept(keep(["t1"]));
  // Longer, and another one.
  w.accept(keep(["t1", "t2", "t3", "t4"]));
  w.accept(keep(["s1", "s2", "t3"]));
  expect(kept()).toEqual(["s1", "s2"]);
  w.accept(keep(["s0", "s1", "s2"]));
  expect(kept()).toEqual(["s0", "s1", "s2"]);
  expect(w.refusal(keep(["s1", "s2", "s3"], "second"))).toEqual({ reason: "other-user-key", userKey: "first" });
  w.accept(rotate("a1", { stay: ["a3"], statement: "s3" }));
  expect(kept()).toEqual(["s0", "s1", "s2", "s3"]);
  expect(w.refusal(keep(["s1", "s2", "s3", "s4"], "second", "a2"))).toEqual({ reason: "device-removed" });
  expect(get(w.state.userKeys, ownerKey(alice))?.userKey).toBe("second");
});

const row = (since: number, incarnation: string, floor?: number) => ({
  userKey: "k",
  since,
  incarnation,
  ...(floor !== undefined && { floor }),
});

test("GR-59 a receipt counts over a backup and what came after it, and over nothing else", () => {
  expect(takesOver({ since: 5, incarnation: "I1" }, row(3, "I1"), "I2")).toBe(true);
  expect(takesOver({ since: 5, incarnation: "I1" }, row(9, "I2", 3), "I2")).toBe(true);
  expect(takesOver({ since: 5, incarnation: "I1" }, row(5, "I1"), "I2")).toBe(false);
  expect(takesOver({ since: 2, incarnation: "I1" }, row(9, "I2", 3), "I2")).toBe(false);
  expect(takesOver({ since: 9, incarnation: "I2" }, row(5, "I1"), "I2")).toBe(false);
  // Whoever began anew in this incarnation has its own time as the floor.
  expect(takesOver({ since: 5, incarnation: "I1" }, row(9, "I2", 9), "I2")).toBe(false);
  expect(floorOf(row(9, "I2", 3), "I3")).toBe(9);
});

test("GR-59 in a server that was restored no receipt comes over an owner who has begun anew", () => {
  const w = world();
  w.state = { ...w.state, server: { id: "S", incarnation: "I2" } };
  const device = { ...found("a9", alice), userKey: "new", record: "r", counter: 1, sealKey };
  w.at = 5_000;
  w.accept({ kind: "reset-user-key", session: 1, ...device });
  expect([...(get(w.state.devicesOf, ownerKey(alice)) ?? [])].map((one) => get(w.state.devices, one)?.removed)).toEqual(
    [true, true, true, false],
  );
  const receipt = { since: 4_000, incarnation: "I1" };
  expect(w.refusal(online("a7", "third", { receipt }))).toEqual({ reason: "other-user-key", userKey: "new" });
  expect(w.refusal(online("a1", "third", { receipt, counter: 2 }))).toEqual({ reason: "device-removed" });
});

test("GR-58 who begins anew is no banned one, no bare name, comes with a new device under a new key, and takes nobody's room", () => {
  const w = world();
  const device = { ...found("a9", alice), userKey: "new", record: "r", counter: 1, sealKey };
  const reset = (more: Partial<Extract<ServerCommand, { kind: "reset-user-key" }>> = {}) =>
    w.refusal({ kind: "reset-user-key", session: 1, ...device, ...more });
  expect(reset({ owner: { kind: "name", identity: "alice" } })).toEqual({ reason: "name-has-key" });
  expect(reset(found("a1", alice))).toEqual({ reason: "wrong-device" });
  expect(reset(found("b1", alice))).toEqual({ reason: "wrong-device" });
  expect(reset({ userKey: "first" })).toEqual({ reason: "other-user-key", userKey: "first" });
  w.accept({ kind: "remove-device", device: id("a2"), why: "device-removed" });
  expect(reset(found("a2", alice))).toEqual({ reason: "device-removed" });
  const asks = { ...found("a8", alice), label: "", sealKey, token: null, source: "", fresh: false };
  w.accept({ kind: "ask-confirmation", session: 8, ...asks });
  expect(reset({ device: id("a8"), key: "another" })).toEqual({ reason: "wrong-device" });
  w.accept({ kind: "bar-owner", owner: alice });
  expect(reset()).toEqual({ reason: "not-allowed" });
  w.accept({ kind: "unbar-owner", owner: alice });
  w.state = { ...w.state, settings: { ...w.state.settings, maxDevices: w.state.deviceCount } };
  expect(reset()).toEqual({ reason: "too-many", of: "devices" });
  w.state = { ...w.state, settings: { ...w.state.settings, maxDevices: w.state.deviceCount + 1 } };
  expect(reset(found("a8", alice))).toBeNull();
});

test("GR-73 whoever is confirmed and has not come may be removed: what confirmed it is void, and it hears that it was removed", () => {
  const w = world();
  confirm(w, "a5");
  confirm(w, "a6");
  w.accept(rotate("a1", { stay: ["a2", "a3"], removed: [id("a5"), id("a5")] }));
  for (const device of ["a5", "a6"]) expect(get(w.state.confirmations, id(device))).toBe(undefined);
  expect(w.refusal(online("a5"))).toEqual({ reason: "device-removed" });
  expect(w.refusal(online("a5", "second", { counter: 9 }))).toEqual({ reason: "device-removed" });
  const asks = { ...found("a5", alice), label: "", sealKey, token: null, source: "" };
  for (const fresh of [false, true])
    expect(w.refusal({ kind: "ask-confirmation", session: 5, ...asks, fresh })).toEqual({ reason: "device-removed" });
  // The other one, which nobody has named, waits to be confirmed anew.
  expect(w.refusal(online("a6"))).toEqual({ reason: "other-user-key", userKey: "second" });
  confirm(w, "a6", "second");
  w.accept(online("a6", "second"));
});

test("GR-73 one that waits, and one that is confirmed for somebody else, is nobody's to remove", () => {
  const w = world();
  const asks = { label: "", sealKey, token: null, source: "", fresh: false };
  w.accept({ kind: "ask-confirmation", session: 5, ...found("a5", alice), ...asks });
  w.accept({ kind: "ask-confirmation", session: 6, ...found("b2", bob), ...asks });
  const { userKey = "" } = get(w.state.devices, id("b1")) ?? {};
  const given = { other: id("b2"), owner: bob, key: found("b2", bob).key, userKey, record: "r", sealed: "s" };
  w.accept({ kind: "confirm-device", device: id("b1"), ...given });
  for (const device of ["a5", "b2"])
    expect(w.refusal(rotate("a1", { stay: ["a2", "a3"], removed: [id(device)] }))).toEqual({
      reason: "unknown-device",
      device: id(device),
    });
});

test("GR-73 whoever confirms devices and removes them before they come takes nobody's room", () => {
  const w = world();
  const settings = { ...w.state.settings, maxRemovedPerOwner: 2, maxDevices: w.state.deviceCount + 3 };
  w.state = { ...w.state, settings };
  const among = () =>
    [...(get(w.state.devicesOf, ownerKey(alice)) ?? [])].filter((each) => get(w.state.devices, each)?.removed);
  let former = "first";
  for (let nth = 10; nth < 20; nth += 1) {
    w.at += 1;
    confirm(w, `a${nth}`, former);
    const userKey = `key ${nth}`;
    w.accept(rotate("a1", { stay: ["a2", "a3"], removed: [id(`a${nth}`)], former, userKey }));
    former = userKey;
  }
  expect(among().toSorted()).toEqual([id("a18"), id("a19")].toSorted());
  // Without room for a row, what confirmed it is void all the same.
  w.state = { ...w.state, settings: { ...settings, maxDevices: w.state.deviceCount } };
  confirm(w, "a20", former);
  w.accept(rotate("a1", { stay: ["a2", "a3"], removed: [id("a20")], former, userKey: "last" }));
  expect(w.refusal(online("a20", former))).toEqual({ reason: "other-user-key", userKey: "last" });
  expect(get(w.state.devices, id("a20"))).toBe(undefined);
});

test("GR-71 of what a device tells of former keys the last eight are kept, and none without a user key", () => {
  const w = world();
  const told = Array.from({ length: 10 }, (_, nth) => `s${nth}`);
  w.accept(keep(told));
  expect(get(w.state.userKeys, ownerKey(alice))?.statements).toEqual(told.slice(2));
  expect(w.refusal(keep(told, "first", "none"))).toEqual({ reason: "unknown-device", device: id("none") });
});

test("GR-55 where an owner begins anew those who wait are forgotten, and their connections end, but for the one that begins", () => {
  const w = world();
  for (const [device, owner, session] of [
    ["a8", alice, 8],
    ["a9", alice, 9],
    ["b2", bob, 12],
  ] as const) {
    const asks = { ...found(device, owner), label: "", sealKey, token: null, source: "", fresh: false };
    w.accept({ kind: "ask-confirmation", session, ...asks });
    w.state = applyLive(w.state, { kind: "asking-came", device: id(device), session, replaced: null });
  }
  const begins = { ...found("a9", alice), userKey: "new", record: "r", counter: 1, sealKey };
  const decision = w.run({ kind: "reset-user-key", session: 9, ...begins });
  if ("refusal" in decision) throw new Error("refused");
  const ended = { kind: "session-ended", session: 8, refusal: { reason: "timed-out" } };
  expect(decision.live).toEqual([ended]);
  expect([...(get(w.state.pendingOf, ownerKey(alice)) ?? [])]).toEqual([]);
  expect(get(w.state.pending, id("b2"))).toBeDefined();
});

test("GR-59 where a receipt makes a key the present one again, the owner's devices under the one before are to be removed from their groups, unless they come", () => {
  const w = world();
  w.state = { ...w.state, server: { id: "S", incarnation: "I2" } };
  w.publish("a3", 2);
  w.add("b1", bob, "g", [["a3", alice]]);
  const ordered = () => Object.keys(get(w.state.groups, id("g"))?.ordered ?? {}).toSorted();
  expect(ordered()).toEqual([]);
  const receipt = { since: 1_000_000, incarnation: "I1" };
  w.accept(online("a1", "second", { receipt, counter: 2 }));
  expect(ordered()).toEqual([id("a2"), id("a3")]);
  w.accept(online("a3", "second", { receipt, counter: 2 }));
  expect(ordered()).toEqual([id("a2")]);
});
