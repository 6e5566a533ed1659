import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { DeliveryServiceWorld, found, id, owners } from "../../test/helpers/delivery-service.ts";
import type { ServerCommand } from "./commands.ts";
import type { Owner } from "./rows.ts";
import { apply, applyLive, ownerKey } from "./state.ts";

const { alice, bob } = owners;
const DAY = 86_400_000;

const ask = (
  device: string,
  owner: Owner = alice,
  more: { label?: string; fresh?: boolean; session?: number; source?: string } = {},
) =>
  ({
    kind: "ask-confirmation",
    session: more.session ?? 1,
    ...found(device, owner),
    label: more.label ?? "laptop2",
    sealKey: { key: `seal-key-of-${device}`, signature: "signature" },
    token: null,
    source: more.source ?? "here",
    fresh: more.fresh ?? false,
  }) satisfies ServerCommand;

const person = (n: number): Owner => ({ kind: "person", identity: String(n) });

const confirm = (by: string, device: string, owner: Owner = alice) =>
  ({
    kind: "confirm-device",
    device: id(by),
    other: id(device),
    owner,
    key: found(device, owner).key,
    userKey: `user-key-of-${owner.identity}`,
    record: "record",
    sealed: "sealed",
  }) as const;

function world(): DeliveryServiceWorld {
  const made = new DeliveryServiceWorld();
  made.online("a1", alice);
  return made;
}

test("GR-55 eight devices of one owner wait at most, and of those that are away the one that has waited longest goes", () => {
  const w = world();
  for (let n = 2; n <= 9; n += 1) {
    w.at += 1;
    w.accept(ask(`a${n}`));
  }
  w.state = applyLive(w.state, { kind: "asking-came", device: id("a2"), session: 7, replaced: null });
  w.at += 1;
  w.accept(ask("a10"));
  expect(get(w.state.pending, id("a2"))).toBeDefined();
  expect(get(w.state.pending, id("a3"))).toBe(undefined);
  expect(w.state.pending.size).toBe(8);
});

test("GR-55 nobody who is connected makes room for another: where all are, the newest is refused", () => {
  const w = world();
  for (let n = 2; n <= 9; n += 1) {
    w.accept(ask(`a${n}`));
    w.state = applyLive(w.state, { kind: "asking-came", device: id(`a${n}`), session: n, replaced: null });
  }
  expect(w.refusal(ask("a10"))).toEqual({ reason: "too-many", of: "devices" });
  w.state = applyLive(w.state, { kind: "device-gone", session: 5 });
  w.accept(ask("a10"));
  expect(get(w.state.pending, id("a5"))).toBe(undefined);
});

test("GR-55 of a bare name four wait from one source, and whoever asks for more makes room among its own", () => {
  const w = new DeliveryServiceWorld();
  const name: Owner = { kind: "name", identity: "alice" };
  w.online("a1", name);
  w.accept(ask("true", name, { source: "local 1000" }));
  for (let n = 0; n < 20; n += 1) {
    w.at += 1;
    w.accept(ask(`bad${n}`, name, { source: "local 1001" }));
  }
  expect(get(w.state.pending, id("true"))).toBeDefined();
  expect(w.state.pending.size).toBe(5);
  for (let n = 0; n < 20; n += 1) {
    w.at += 1;
    w.accept(ask(`worse${n}`, name, { source: "local 1002" }));
  }
  // Where all eight places are taken, one of those of whom there are most goes.
  expect(get(w.state.pending, id("true"))).toBeDefined();
  expect(w.state.pending.size).toBe(8);
});

test("GR-55 one source has 256 places of all, and where all are taken, one of whoever has most goes", () => {
  const w = new DeliveryServiceWorld({ maxPending: 6, maxPendingPerSource: 5 });
  for (let n = 0; n < 12; n += 1) w.online(`p${n}`, person(n));
  for (let n = 0; n < 10; n += 1) {
    w.at += 1;
    w.accept(ask(`x${n}`, person(n), { source: "local" }));
  }
  expect(w.state.pending.size).toBe(5);
  w.accept(ask("y", person(10), { source: "person 10" }));
  w.accept(ask("z", person(11), { source: "person 11" }));
  expect(w.state.pending.size).toBe(6);
  for (const device of ["y", "z"]) expect(get(w.state.pending, id(device))).toBeDefined();
});

test("GR-55 no more than so many wait in all", () => {
  const w = new DeliveryServiceWorld({ maxPending: 1 });
  w.online("a1", alice);
  w.online("b1", bob);
  w.accept(ask("a2"));
  w.state = applyLive(w.state, { kind: "asking-came", device: id("a2"), session: 7, replaced: null });
  w.accept(ask("a2", alice, { label: "another" }));
  expect(w.refusal(ask("b2", bob))).toEqual({ reason: "too-many", of: "devices" });
});

test("GR-55 who has waited for seven days is forgotten, and a confirmation after thirty; that of a device that is there isn't", () => {
  const w = world();
  w.online("a4", alice);
  for (const device of ["a2", "a3", "a4"]) w.accept(ask(device));
  for (const device of ["a3", "a4"]) w.accept(confirm("a1", device));
  w.at += 7 * DAY - 1;
  w.accept({ kind: "forget-waiting" });
  expect(w.state.pending.size).toBe(1);
  w.at += 1;
  w.accept({ kind: "forget-waiting" });
  expect([w.state.pending.size, w.state.confirmations.size]).toEqual([0, 2]);
  w.at += 23 * DAY;
  w.accept({ kind: "forget-waiting" });
  expect(get(w.state.confirmations, id("a3"))).toBe(undefined);
  expect(get(w.state.confirmations, id("a4"))).toBeDefined();
});

test("GR-56 told again, a device neither waits longer nor is told of again, unless it says something else", () => {
  const w = world();
  w.accept(ask("a2"));
  expect(w.pushes).toMatchObject([{ to: [id("a1")], push: { kind: "device-waits", device: id("a2") } }]);
  w.at += 5;
  w.accept(ask("a2"));
  expect(w.pushes).toHaveLength(1);
  w.accept(ask("a2", alice, { label: "another" }));
  expect(w.pushes).toHaveLength(2);
  expect(get(w.state.pending, id("a2"))).toMatchObject({ at: 1_000, label: "another" });
  expect(w.refusal({ ...ask("a2"), key: "another key" })).toEqual({ reason: "wrong-device" });
  expect(w.refusal(ask("a2", bob))).toEqual({ reason: "no-user-key" });
});

test("GR-56 the newest connection of a device counts, and the one before ends", () => {
  const w = world();
  w.state = applyLive(w.state, { kind: "asking-came", device: id("a2"), session: 7, replaced: null });
  const decision = w.run(ask("a2", alice, { session: 8 }));
  expect(decision).toMatchObject({ live: [{ kind: "asking-came", session: 8, replaced: 7 }] });
  w.state = applyLive(w.state, { kind: "device-gone", session: 7 });
  expect(get(w.state.asking, id("a2"))).toBe(undefined);
});

test("GR-56 what is kept for a device is forgotten when it asks for something fresh", () => {
  const w = world();
  w.accept(ask("a2"));
  w.accept(confirm("a1", "a2"));
  expect(w.accept(ask("a2"))).toMatchObject({ confirmation: { record: "record" } });
  expect(w.accept(ask("a2", alice, { fresh: true }))).toEqual({ kind: "confirmation", confirmation: null });
  expect(w.state.confirmations.size).toBe(0);
});

test("GR-56 a device that is there under the present user key waits for nothing, unless it asks for something fresh", () => {
  const w = world();
  w.state = applyLive(w.state, { kind: "device-came", device: id("a1"), session: 7, replaced: null });
  expect(w.accept(ask("a1"))).toEqual({ kind: "confirmation", confirmation: null });
  expect(w.state.pending.size).toBe(0);
  w.accept(ask("a1", alice, { fresh: true, session: 7 }));
  expect(w.state.pending.size).toBe(1);
});

test("GR-56 a device that is there under another user key than the present one waits as any other", () => {
  const w = world();
  w.state = applyLive(w.state, { kind: "device-came", device: id("a1"), session: 7, replaced: null });
  const key = ownerKey(alice);
  const value = { ...get(w.state.userKeys, key)!, userKey: "another" };
  w.state = apply(w.state, { table: "user-key", key, value });
  expect(w.accept(ask("a1"))).toEqual({ kind: "confirmation", confirmation: null });
  expect(get(w.state.pending, id("a1"))).toBeDefined();
});

test("GR-56 what waits for a device that is known is given up by nobody but who has said hello as it", () => {
  const w = world();
  w.online("a2", alice);
  w.accept(ask("a2"));
  w.accept(confirm("a1", "a2"));
  // A removed device knows what the others ask with, and can ask in their place; what it gets is sealed to them.
  const stranger = ask("a2", alice, { fresh: true, session: 8 });
  expect(w.accept(stranger)).toMatchObject({ confirmation: { record: "record" } });
  w.state = applyLive(w.state, { kind: "device-came", device: id("a2"), session: 7, replaced: null });
  expect(w.accept(stranger)).toMatchObject({ confirmation: { record: "record" } });
  expect(w.accept({ ...stranger, session: 7 })).toMatchObject({ confirmation: null });
});

test("GR-55 whoever waits for an owner that is released is let go, and hears that there is no user key when it asks again", () => {
  const w = world();
  w.accept(ask("a2"));
  w.state = applyLive(w.state, { kind: "asking-came", device: id("a2"), session: 7, replaced: null });
  const decision = w.run({ kind: "release-owner", owner: alice });
  expect(decision).toMatchObject({ live: [{ kind: "session-ended", session: 7, refusal: { reason: "timed-out" } }] });
  expect(w.refusal(ask("a2"))).toEqual({ reason: "no-user-key" });
});

test("GR-57 whoever is confirmed counts among the owner's devices before it has come", () => {
  const w = new DeliveryServiceWorld({ maxDevicesPerOwner: 2 });
  w.online("a1", alice);
  for (const device of ["a2", "a3"]) w.accept(ask(device));
  w.accept(confirm("a1", "a2"));
  const kept = get(w.state.confirmations, id("a2"));
  w.accept({ ...confirm("a1", "a2"), sealed: "another device's" });
  expect(get(w.state.confirmations, id("a2"))).toBe(kept);
  expect(w.refusal(confirm("a1", "a3"))).toEqual({ reason: "too-many", of: "devices" });
  w.online("a2", alice);
  expect(w.state.confirmations.size).toBe(0);
});

test("GR-57 what confirms a device is its very key's, its owner's and of the present user key, and comes from one of that owner's", () => {
  const w = world();
  w.online("b1", bob);
  w.accept(ask("a2"));
  const wrong = { reason: "wrong-device" };
  const unknown = { reason: "unknown-device", device: id("a2") };
  const refused = (more: Partial<ReturnType<typeof confirm>>) => w.refusal({ ...confirm("a1", "a2"), ...more });
  expect(refused({ key: "another" })).toEqual(wrong);
  expect(refused({ owner: bob })).toEqual(wrong);
  expect(refused({ userKey: "user-key-of-1002" })).toEqual(wrong);
  // Of another person's nothing is known, whoever's record it is.
  expect(refused({ device: id("b1") })).toEqual(unknown);
  expect(w.refusal({ ...confirm("b1", "a2", bob), key: found("a2", alice).key })).toEqual(unknown);
  expect(w.refusal(confirm("a9", "a2"))).toEqual({ reason: "unknown-device", device: id("a9") });
  expect(w.state.confirmations.size).toBe(0);
  w.accept(confirm("a1", "a2"));
  // Told again, by another of them or by the same: only of the same key it is done.
  expect(refused({})).toBeNull();
  expect(refused({ key: "another" })).toEqual(unknown);
  expect(w.refusal(confirm("b1", "a2", bob))).toEqual(unknown);
});

test("GR-56 of others' devices nobody dismisses any, nor one that doesn't wait", () => {
  const w = world();
  w.online("b1", bob);
  w.accept(ask("a2"));
  const dismiss = (by: string, other: string) =>
    w.refusal({ kind: "dismiss-device", device: id(by), other: id(other) });
  expect(dismiss("b1", "a2")).toEqual({ reason: "unknown-device", device: id("a2") });
  expect(dismiss("a1", "a1")).toEqual({ reason: "unknown-device", device: id("a1") });
  expect(dismiss("a9", "a2")).toEqual({ reason: "unknown-device", device: id("a9") });
  expect(w.state.pending.size).toBe(1);
  w.state = applyLive(w.state, { kind: "asking-came", device: id("a2"), session: 7, replaced: null });
  expect(w.run({ kind: "dismiss-device", device: id("a1"), other: id("a2") })).toMatchObject({
    live: [{ kind: "session-ended", session: 7, refusal: { reason: "not-allowed" } }],
  });
  expect(w.state.pending.size).toBe(0);
});

test("GR-56 no banned person's device waits, none that was removed, and one connection asks for one device", () => {
  const w = world();
  w.online("a2", alice);
  w.accept({ kind: "remove-device", device: id("a2"), why: "device-removed" });
  expect(w.refusal(ask("a2"))).toEqual({ reason: "device-removed" });
  w.accept(ask("a3"));
  w.state = applyLive(w.state, { kind: "asking-came", device: id("a3"), session: 7, replaced: null });
  expect(w.refusal(ask("a4", alice, { session: 7 }))).toEqual({ reason: "wrong-device" });
  expect(w.refusal(ask("a3", alice, { session: 7 }))).toBeNull();
  w.online("b1", bob);
  expect(w.refusal(ask("a3", bob))).toEqual({ reason: "wrong-device" });
  w.accept({ kind: "bar-owner", owner: alice });
  expect(w.refusal(ask("a5"))).toEqual({ reason: "not-allowed" });
});

test("GR-56 another token or seal key is news, and what is asked for afresh waits from then on", () => {
  const w = world();
  w.accept(ask("a2"));
  for (const more of [{ token: "proof" }, { token: "proof", sealKey: { key: "another", signature: "signature" } }]) {
    const told = w.pushes.length;
    w.accept({ ...ask("a2"), ...more });
    expect(w.pushes).toHaveLength(told + 1);
    expect(get(w.state.pending, id("a2"))).toMatchObject({ at: 1_000, ...more });
  }
  w.at += 5;
  w.accept({ ...ask("a2"), token: "proof", sealKey: { key: "another", signature: "signature" }, fresh: true });
  expect(get(w.state.pending, id("a2"))?.at).toBe(1_005);
});

test("GR-55 of those that make room it is the one that has waited longest, whatever its id", () => {
  const w = world();
  for (let n = 9; n >= 2; n -= 1) {
    w.at += 1;
    w.accept(ask(`a${n}`));
  }
  w.at += 1;
  w.accept(ask("a10"));
  expect(get(w.state.pending, id("a9"))).toBe(undefined);
  expect(get(w.state.pending, id("a2"))).toBeDefined();
  // Who has asked afresh waits since then.
  w.at += 1;
  w.accept(ask("a8", alice, { fresh: true }));
  w.accept(ask("a11"));
  expect(get(w.state.pending, id("a8"))).toBeDefined();
  expect(get(w.state.pending, id("a7"))).toBe(undefined);
});

test("GR-55 where one source has all its places it makes room among its own", () => {
  const w = new DeliveryServiceWorld({ maxPending: 10, maxPendingPerSource: 2 });
  for (let n = 0; n < 4; n += 1) w.online(`p${n}`, person(n));
  w.accept(ask("other", person(0), { source: "elsewhere" }));
  for (const n of [1, 2, 3]) {
    w.at += 1;
    w.accept(ask(`x${n}`, person(n), { source: "local" }));
  }
  expect(["other", "x1", "x2", "x3"].map((device) => get(w.state.pending, id(device)) !== undefined)).toEqual([true, false, true, true]); // prettier-ignore
});
