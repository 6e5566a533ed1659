import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { bytes, DeliveryServiceWorld, everyone, found, id, ops, owners } from "../../test/helpers/delivery-service.ts";
import type { Settings } from "./settings.ts";
import { apply } from "./state.ts";

const { alice, bob, carol, nas } = owners;

function world(settings: Partial<Settings> = {}): DeliveryServiceWorld {
  const made = new DeliveryServiceWorld(settings);
  made.online("a1", alice);
  made.online("b1", bob);
  made.online("c1", carol);
  made.online("n1", nas);
  for (const device of ["a1", "b1", "c1", "n1"]) made.publish(device, 3);
  made.create("a1", alice, "g", everyone, "open");
  return made;
}

const members = (made: DeliveryServiceWorld) => Object.keys(get(made.state.groups, id("g"))?.members ?? {});

test("GR-10 of two commits on one epoch the first wins, and the other hears of the new epoch", () => {
  const made = world();
  made.add("a1", alice, "g", [["b1", bob]]);
  const first = made.commit("a1", alice, "g", { kind: "update" });
  const second = made.commit("b1", bob, "g", { kind: "update" });
  expect(made.accept(first)).toMatchObject({ kind: "stored", number: 2 });
  expect(made.refusal(second)).toEqual({ reason: "stale-epoch", epoch: 2, head: 2 });
});

test("GR-11 the same request told again gets the first answer again", () => {
  const made = world();
  const update = made.commit("a1", alice, "g", { kind: "update" }, "r1");
  const answer = made.accept(update);
  expect(made.accept(update)).toEqual(answer);
  expect(made.log(id("g"))).toHaveLength(1);
});

test("GR-12 commit, Welcome, group info and roster are kept together, the group info alone of its kind", () => {
  const made = world();
  made.add("a1", alice, "g", [["b1", bob]]);
  expect(members(made)).toEqual([id("a1"), id("b1")]);
  expect(made.logs.get(`info/${id("g")}`)).toEqual([{ number: 2, body: bytes("info g 1"), lasting: false }]);
  expect(made.logs.get(`welcomes/${id("g")}`)).toHaveLength(1);
  expect(get(made.state.welcomes, `${id("g")}/${id("b1")}`)).toMatchObject({ number: 1, entry: 1 });
  expect(made.pushes.at(-1)).toEqual({ to: [id("b1")], except: null, push: { kind: "welcome", group: id("g") } });
});

test("GR-12 Welcomes are numbered by themselves, and one that its device hasn't taken goes with the device", () => {
  const made = world();
  made.accept(made.commit("a1", alice, "g", { kind: "update" }));
  made.add("a1", alice, "g", [["b1", bob]]);
  made.add("a1", alice, "g", [["c1", carol]]);
  made.accept({ kind: "welcome-done", device: id("c1"), group: id("g") });
  expect(get(made.state.welcomes, `${id("g")}/${id("b1")}`)?.number).toBe(1);
  // Whoever comes in anew in place of its own leaf isn't removed by that.
  const resync = made.commit("b1", bob, "g", { kind: "resync", removed: [found("b1", bob)] });
  made.accept(resync);
  expect(get(made.state.welcomes, `${id("g")}/${id("b1")}`)).toBeDefined();
  const remove = { kind: "remove", removed: [found("b1", bob), found("c1", carol)], byModerator: true } as const;
  const decision = made.run(made.commit("a1", alice, "g", remove));
  const rows = "refusal" in decision ? [] : decision.rows.filter(({ table }) => table === "welcome");
  expect(rows).toEqual([{ table: "welcome", key: `${id("g")}/${id("b1")}`, value: null }]);
});

test("GR-16 a group remembers the last 1,000 devices that were removed", () => {
  const made = world();
  made.add("a1", alice, "g", [["b1", bob]]);
  const group = get(made.state.groups, id("g"))!;
  // From the latest down to the earliest, so that it isn't the order in the row that decides.
  const removed = Object.fromEntries(Array.from({ length: 1_000 }, (_, nth) => [id(`r${nth}`), 1_000 - nth]));
  made.state = apply(made.state, { table: "group", key: id("g"), value: { ...group, removed } });
  made.accept(made.commit("a1", alice, "g", { kind: "update" }));
  expect(Object.entries(get(made.state.groups, id("g"))?.removed ?? {})).toEqual(Object.entries(removed));
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("b1", bob)], byModerator: true }));
  const left = get(made.state.groups, id("g"))?.removed ?? {};
  expect(Object.keys(left)).toHaveLength(1_000);
  expect(id("b1") in left && id("r0") in left && !(id("r999") in left)).toBe(true);
});

test("GR-13 a commit that the observer doesn't find right, or that isn't its device's, is refused", () => {
  const made = world();
  const update = made.commit("a1", alice, "g", { kind: "update" });
  expect(made.refusal({ ...update, found: null })).toEqual({ reason: "invalid-handshake" });
  expect(made.refusal(made.commit("a1", alice, "g", { kind: "update", epoch: 3 }))).toEqual({
    reason: "invalid-handshake",
  });
  expect(made.refusal(made.commit("a1", alice, "g", { kind: "update", committer: found("b1", bob) }))).toEqual({
    reason: "wrong-device",
  });
  const otherKey = { ...found("a1", alice), key: "another" };
  expect(made.refusal(made.commit("a1", alice, "g", { kind: "update", committer: otherKey }))).toEqual({
    reason: "wrong-device",
  });
  expect(made.refusal(made.commit("a1", alice, "g", { kind: "update", committer: found("a1", bob) }))).toEqual({
    reason: "wrong-device",
  });
  // Another device's, told under one's own id and key.
  const otherId = { ...found("a1", alice), device: id("b1") };
  expect(made.refusal(made.commit("a1", alice, "g", { kind: "update", committer: otherId }))).toEqual({
    reason: "wrong-device",
  });
  expect(made.refusal(made.commit("b1", bob, "g", { kind: "update" }))).toEqual({ reason: "not-a-member-of-group" });
  expect(made.refusal(made.commit("a1", alice, "none", { kind: "update" }))).toEqual({ reason: "unknown-group" });
  expect(made.refusal(made.commit("a9", alice, "g", { kind: "external-join" }))).toEqual({
    reason: "unknown-device",
    device: id("a9"),
  });
});

test("GR-6 a member whose removal is ordered commits nothing", () => {
  const made = world();
  made.add("a1", alice, "g", [["b1", bob]]);
  made.accept({ kind: "leave", device: id("b1"), group: id("g") });
  expect(made.refusal(made.commit("b1", bob, "g", { kind: "update" }))).toEqual({ reason: "not-a-member-of-group" });
  const remove = made.commit("b1", bob, "g", { kind: "remove", removed: [found("b1", bob)] });
  expect(made.refusal(remove)).toEqual({ reason: "not-a-member-of-group" });
});

test("GR-7 a commit, its Welcome and its group info are each taken up to their largest size", () => {
  const made = world({ maxCommit: 20, maxGroupInfo: 30 });
  const update = () => made.commit("a1", alice, "g", { kind: "update" });
  const [commit, groupInfo] = [new Uint8Array(20), new Uint8Array(30)];
  expect(made.refusal({ ...update(), commit: new Uint8Array(21) })).toEqual({ reason: "too-large" });
  expect(made.refusal({ ...update(), groupInfo: new Uint8Array(31) })).toEqual({ reason: "too-large" });
  expect(made.refusal({ ...update(), welcome: new Uint8Array(31) })).toEqual({ reason: "too-large" });
  expect(made.refusal({ ...update(), commit, groupInfo, welcome: groupInfo })).toBeNull();
});

test("GR-38 a group takes members up to its limit, whoever adds them or by themselves, and a commit adds so many", () => {
  const made = world({ maxMembers: 4, maxAdded: 2 });
  made.online("d1", bob);
  made.online("e1", bob);
  made.online("f1", bob);
  made.publish("d1", 3);
  const taken = made.accept({ kind: "take-packages", device: id("a1"), group: id("g"), of: [id("b1"), id("c1")] });
  const [ofBob = "", ofCarol = ""] = taken.kind === "packages" ? taken.packages.map(({ reference }) => reference) : [];
  const others = made.accept({ kind: "take-packages", device: id("a1"), group: id("g"), of: [id("d1")] });
  const [ofOther = ""] = others.kind === "packages" ? others.packages.map(({ reference }) => reference) : [];
  const two = { added: [found("b1", bob), found("c1", carol)], welcomed: [ofBob, ofCarol] };
  const three = { added: [...two.added, found("d1", bob)], welcomed: [...two.welcomed, ofOther] };
  const tooMany = { reason: "too-many", of: "members" };
  expect(made.refusal(made.commit("a1", alice, "g", { kind: "add", ...three }))).toEqual(tooMany);
  made.accept(made.commit("a1", alice, "g", { kind: "add", ...two }));
  made.accept(made.commit("e1", bob, "g", { kind: "external-join" }));
  expect(made.refusal(made.commit("f1", bob, "g", { kind: "external-join" }))).toEqual(tooMany);
  const one = { added: [found("d1", bob)], welcomed: [ofOther] };
  expect(made.refusal(made.commit("a1", alice, "g", { kind: "add", ...one }))).toEqual(tooMany);
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("c1", carol)], byModerator: true }));
  made.accept(made.commit("f1", bob, "g", { kind: "external-join" }));
});

test("GR-14 a commit that adds has a Welcome, for as many key packages as it adds", () => {
  const made = world();
  const taken = made.accept({ kind: "take-packages", device: id("a1"), group: id("g"), of: [id("b1"), id("c1")] });
  const [ofBob = "", ofCarol = ""] = taken.kind === "packages" ? taken.packages.map(({ reference }) => reference) : [];
  const add = made.commit("a1", alice, "g", { kind: "add", added: [found("b1", bob)], welcomed: [ofBob] });
  expect(made.refusal({ ...add, welcome: null })).toEqual({ reason: "invalid-handshake" });
  const more = made.commit("a1", alice, "g", { kind: "add", added: [found("b1", bob)], welcomed: [ofBob, ofCarol] });
  expect(made.refusal(more)).toEqual({ reason: "invalid-handshake" });
  const otherKey = { ...found("b1", bob), key: "another" };
  const forged = made.commit("a1", alice, "g", { kind: "add", added: [otherKey], welcomed: [ofBob] });
  expect(made.refusal(forged)).toEqual({ reason: "wrong-device" });
  expect(made.refusal(add)).toBeNull();
});

test("GR-14 only devices whose key package was given out are added, each package once", () => {
  const made = world();
  const without = made.commit("a1", alice, "g", { kind: "add", added: [found("b1", bob)], welcomed: ["made up"] });
  expect(made.refusal(without)).toEqual({ reason: "no-key-package", device: id("b1") });
  const taken = made.accept({ kind: "take-packages", device: id("a1"), group: id("g"), of: [id("b1"), id("c1")] });
  const [ofBob = "", ofCarol = ""] = taken.kind === "packages" ? taken.packages.map(({ reference }) => reference) : [];
  const swapped = made.commit("a1", alice, "g", { kind: "add", added: [found("b1", bob)], welcomed: [ofCarol] });
  expect(made.refusal(swapped)).toEqual({ reason: "no-key-package", device: id("b1") });
  const twice = made.commit("a1", alice, "g", {
    kind: "add",
    added: [found("b1", bob), found("c1", carol)],
    welcomed: [ofBob, ofBob],
  });
  expect(made.refusal(twice)).toEqual({ reason: "invalid-handshake" });
  made.accept(made.commit("a1", alice, "g", { kind: "add", added: [found("b1", bob)], welcomed: [ofBob] }));
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("b1", bob)], byModerator: true }));
  const again = made.commit("a1", alice, "g", { kind: "add", added: [found("b1", bob)], welcomed: [ofBob] });
  expect(made.refusal(again)).toEqual({ reason: "no-key-package", device: id("b1") });
});

test("GR-14 an added device is a known one, under its own key and owner, and not in the group yet", () => {
  const made = world();
  made.add("a1", alice, "g", [["b1", bob]]);
  const taken = made.accept({ kind: "take-packages", device: id("a1"), group: id("g"), of: [id("b1"), id("c1")] });
  const [ofBob = "", ofCarol = ""] = taken.kind === "packages" ? taken.packages.map(({ reference }) => reference) : [];
  const add = (who: ReturnType<typeof found>, reference: string) =>
    made.refusal(made.commit("a1", alice, "g", { kind: "add", added: [who], welcomed: [reference] }));
  expect(add(found("b1", bob), ofBob)).toEqual({ reason: "not-allowed" });
  expect(add(found("c1", bob), ofCarol)).toEqual({ reason: "wrong-device" });
  expect(add(found("ghost", carol), ofCarol)).toEqual({ reason: "unknown-device", device: id("ghost") });
});

test("GR-15 one's own devices, those the server ordered out, and whomever a moderator wants, may be removed; nobody else", () => {
  const made = world();
  made.add("a1", alice, "g", [
    ["b1", bob],
    ["c1", carol],
  ]);
  const remove = (byModerator: boolean) =>
    made.commit("b1", bob, "g", { kind: "remove", removed: [found("c1", carol)], byModerator });
  expect(made.refusal(remove(false))).toEqual({ reason: "not-allowed" });
  made.accept({ kind: "order-removal", owner: carol, why: "banned" });
  made.accept(remove(false));
  expect(members(made)).toEqual([id("a1"), id("b1")]);
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("b1", bob)], byModerator: true }));
  expect(members(made)).toEqual([id("a1")]);
});

test("GR-15 a person's device removes another one of theirs, without a word of the server or a moderator", () => {
  const made = world();
  made.online("b2", bob);
  made.accept(made.commit("b1", bob, "g", { kind: "external-join" }));
  made.accept(made.commit("b2", bob, "g", { kind: "external-join" }));
  const removed = [found("b1", bob), found("a1", alice)];
  expect(made.refusal(made.commit("b2", bob, "g", { kind: "remove", removed }))).toEqual({ reason: "not-allowed" });
  made.accept(made.commit("b2", bob, "g", { kind: "remove", removed: removed.slice(0, 1) }));
  expect(members(made)).toEqual([id("a1"), id("b2")]);
});

test("GR-16 a removed device hears of its removal, and of nothing behind it", () => {
  const made = world();
  made.add("a1", alice, "g", [["b1", bob]]);
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("b1", bob)], byModerator: true }));
  expect(made.pushes.at(-1)?.to).toContain(id("b1"));
  made.send("a1", "g", 1);
  expect(made.pushes.at(-1)?.to).toEqual([id("a1")]);
});

test("GR-17 people join an open room by themselves; a room by invitation nobody, and machines none", () => {
  const made = world();
  made.accept(made.commit("b1", bob, "g", { kind: "external-join" }));
  expect(members(made)).toEqual([id("a1"), id("b1")]);
  expect(made.refusal(made.commit("n1", nas, "g", { kind: "external-join" }))).toEqual({ reason: "not-allowed" });
  made.create("a1", alice, "h", ops, "invite");
  expect(made.refusal(made.commit("b1", bob, "h", { kind: "external-join" }))).toEqual({ reason: "not-allowed" });
});

test("GR-18 a device may come in anew in place of its own leaf, in every room, and in place of no other", () => {
  const made = world();
  made.create("a1", alice, "h", ops, "invite");
  made.add("a1", alice, "h", [["b1", bob]]);
  const resync = (device: string, whose: typeof alice | typeof bob, removed: string) =>
    made.commit(device, whose, "h", { kind: "resync", removed: [found(removed, whose)] });
  expect(made.refusal(resync("b1", bob, "a1"))).toEqual({ reason: "not-allowed" });
  const both = [found("b1", bob), found("a1", alice)];
  expect(made.refusal(made.commit("b1", bob, "h", { kind: "resync", removed: both }))).toEqual({
    reason: "not-allowed",
  });
  made.accept(resync("b1", bob, "b1"));
  expect(get(made.state.groups, id("h"))?.members[id("b1")]).toBe(2);
  made.accept({ kind: "order-removal", owner: bob, why: "banned" });
  expect(made.refusal(resync("b1", bob, "b1"))).toEqual({ reason: "not-allowed" });
});

test("GR-19 while a device has the group's turn, no other commits", () => {
  const made = world();
  made.add("a1", alice, "g", [["b1", bob]]);
  made.turn = id("b1");
  expect(made.refusal(made.commit("a1", alice, "g", { kind: "update" }))).toEqual({ reason: "not-your-turn" });
  made.accept(made.commit("b1", bob, "g", { kind: "update" }));
});
