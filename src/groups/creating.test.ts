import { expect, test } from "vitest";
import { bytes, DeliveryServiceWorld, everyone, found, id, ops, owners } from "../../test/helpers/delivery-service.ts";
import type { CreateGroup } from "./commands.ts";
import { NO_HASH } from "./log-entry.ts";
import type { Owner, Place } from "./rows.ts";
import { apply, initialState } from "./state.ts";

const { alice, bob, carol, nas } = owners;
const direct: Place = { kind: "direct", between: [alice, bob] };

function world(): DeliveryServiceWorld {
  const made = new DeliveryServiceWorld({ maxGroupsPerOwner: 2 });
  made.online("a1", alice);
  made.online("b1", bob);
  return made;
}

const create = (place: Place, overrides: Partial<CreateGroup["found"]> = {}, group = "g"): CreateGroup => ({
  kind: "create-group",
  device: id("a1"),
  group: id(group),
  place,
  groupInfo: bytes("info"),
  source: "here",
  found: { group: id(group), epoch: 0, members: [found("a1", alice)], access: "open", listed: [], ...overrides },
});

function room(device: string, owner: Owner, name: string, source: string): CreateGroup {
  const made = create({ kind: "room", name }, { group: id(name), members: [found(device, owner)] }, name);
  return { ...made, device: id(device), source };
}

test("GR-20 whoever is second at a place hears which group is there, whatever the case of a room's name", () => {
  const made = world();
  made.create("a1", alice, "g", everyone, "open");
  made.create("a1", alice, "h", ops, "open");
  expect(made.refusal(create(everyone, {}, "i"))).toEqual({ reason: "place-taken", group: id("g") });
  expect(made.refusal(create({ kind: "room", name: "OPS" }, {}, "i"))).toEqual({
    reason: "place-taken",
    group: id("h"),
  });
});

test("GR-20 a pair has one group, whichever of the two makes it", () => {
  const made = world();
  made.create("a1", alice, "g", direct, "listed");
  const other = create({ kind: "direct", between: [bob, alice] }, { access: "listed", listed: [bob, alice] }, "h");
  expect(made.refusal(other)).toEqual({ reason: "place-taken", group: id("g") });
});

test("GR-20 told again, the creator gets the same answer", () => {
  const made = world();
  expect(made.accept(create(everyone))).toEqual({ kind: "created", group: id("g") });
  expect(made.accept(create(everyone))).toEqual({ kind: "created", group: id("g") });
});

test("GR-20 a group's id that is in use is told again only to its creator, for the same place, while nothing has happened there", () => {
  const made = world();
  made.online("a2", alice);
  made.accept(create(everyone));
  const exists = { reason: "group-exists" };
  expect(made.refusal(create(ops))).toEqual(exists);
  const others = { ...create(everyone, { members: [found("b1", bob)] }), device: id("b1") };
  expect(made.refusal(others)).toEqual(exists);
  const sibling = { ...create(everyone, { members: [found("a2", alice)] }), device: id("a2") };
  expect(made.refusal(sibling)).toEqual(exists);
  made.accept(made.commit("b1", bob, "g", { kind: "external-join" }));
  expect(made.refusal(others)).toEqual(exists);
  expect(made.refusal(create(everyone))).toEqual(exists);
  made.accept(create(ops, {}, "h"));
  made.accept({ kind: "leave", device: id("a1"), group: id("h") });
  expect(made.refusal(create(ops, {}, "h"))).toEqual(exists);
});

test("GR-24 a device that nobody knows, or that was removed, makes no group", () => {
  const made = world();
  made.online("a2", alice);
  const by = (device: string) => ({ ...create(everyone, { members: [found(device, alice)] }), device: id(device) });
  expect(made.refusal(by("a9"))).toEqual({ reason: "unknown-device", device: id("a9") });
  made.accept({ kind: "retire-device", device: id("a1"), other: id("a2") });
  expect(made.refusal(by("a2"))).toEqual({ reason: "device-removed" });
});

test("GR-21 a new group is what it says: at epoch 0, its creator alone, by this device's key", () => {
  const made = world();
  const invalid = { reason: "invalid-handshake" };
  expect(made.refusal({ ...create(everyone), found: null })).toEqual(invalid);
  expect(made.refusal(create(everyone, { epoch: 1 }))).toEqual(invalid);
  expect(made.refusal(create(everyone, { group: id("other") }))).toEqual(invalid);
  expect(made.refusal(create(everyone, { members: [found("a1", alice), found("b1", bob)] }))).toEqual(invalid);
  expect(made.refusal(create(everyone, { members: [] }))).toEqual(invalid);
  // Another device, another key, another owner than those of who makes it.
  for (const member of [
    { ...found("a1", alice), device: id("b1") },
    { ...found("a1", alice), key: "another" },
    found("a1", bob),
  ])
    expect(made.refusal(create(everyone, { members: [member] }))).toEqual({ reason: "wrong-device" });
});

test("GR-21 its policy is the one that its place promises", () => {
  const made = world();
  const refused = { reason: "not-allowed" };
  expect(made.refusal(create(everyone, { access: "invite" }))).toEqual(refused);
  expect(made.refusal(create(ops, { access: "listed" }))).toEqual(refused);
  expect(made.refusal(create({ kind: "room", name: "Everyone" }))).toEqual(refused);
  expect(made.refusal(create({ kind: "room", name: "All" }))).toEqual(refused);
  expect(made.refusal(create(direct, { access: "open" }))).toEqual(refused);
  expect(made.refusal(create(direct, { access: "listed", listed: [alice] }))).toEqual(refused);
  expect(made.refusal(create(direct, { access: "listed", listed: [alice, carol] }))).toEqual(refused);
  const others: Place = { kind: "direct", between: [bob, carol] };
  expect(made.refusal(create(others, { access: "listed", listed: [bob, carol] }))).toEqual(refused);
  made.accept(create(direct, { access: "listed", listed: [bob, alice] }));
  made.online("n1", nas);
  const byMachine = create(everyone, { members: [found("n1", nas)] }, "m");
  expect(made.refusal({ ...byMachine, device: id("n1") })).toEqual(refused);
});

test("GR-21 a room called all from before that name was reserved goes on, and so does its successor", () => {
  const made = world();
  const place: Place = { kind: "room", name: "all" };
  const row = { place, access: "open", creator: alice, createdAt: 0, epoch: 0, members: { [id("a1")]: 0 } } as const;
  const more = { removed: {}, ordered: {}, reports: null, welcomes: 0, status: { kind: "open" } } as const;
  const head = { number: 0, hash: NO_HASH, at: 0, messagesForgotten: 0, commitsForgotten: 0 };
  made.state = apply(made.state, { table: "group", key: id("g"), value: { ...row, ...more } });
  made.state = apply(made.state, { table: "head", key: id("g"), value: head });
  made.accept({ kind: "leave", device: id("a1"), group: id("g") });
  made.accept(create(place, {}, "h"));
});

test("GR-38 a person makes so many groups and no more", () => {
  const made = world();
  made.accept(create(everyone));
  made.accept(create(ops, {}, "h"));
  expect(made.refusal(create({ kind: "room", name: "third" }, {}, "i"))).toEqual({ reason: "too-many", of: "groups" });
});

test("GR-72 all bare names of one source together make so many groups and no more, and others go on", () => {
  const made = new DeliveryServiceWorld({ maxGroupsPerOwner: 2, maxGroupsPerSource: 3 });
  const names = ["m1", "m2", "m3"].map((identity) => ({ kind: "name", identity }) as const);
  for (const owner of names) made.online(owner.identity, owner);
  made.online("a1", alice);
  const [m1, m2, m3] = names;
  const full = { reason: "too-many", of: "groups" };
  made.accept(room("m1", m1!, "r1", "local 1000"));
  made.accept(room("m1", m1!, "r2", "local 1000"));
  made.accept(room("m2", m2!, "r3", "local 1000"));
  expect(made.refusal(room("m3", m3!, "r4", "local 1000"))).toEqual(full);
  made.state = initialState(made.state.settings, made.rows.values());
  made.online("m3", m3!);
  made.online("a1", alice);
  expect(made.refusal(room("m3", m3!, "r4", "local 1000"))).toEqual(full);
  made.accept(room("m3", m3!, "r5", "local 1001"));
  made.accept(room("a1", alice, "r6", "local 1000"));
  made.accept({ kind: "leave", device: id("m1"), group: id("r1") });
  made.accept(room("m3", m3!, "r4", "local 1000"));
});

test("GR-72 where the server has as many groups as it takes, #everyone is made all the same, and successors", () => {
  const made = new DeliveryServiceWorld({ maxGroups: 1 });
  made.online("a1", alice);
  made.online("b1", bob);
  const full = { reason: "too-many", of: "groups" };
  const policy = { access: "listed", listed: [alice, bob] } as const;
  made.accept(create(direct, policy));
  made.accept(create(everyone, {}, "e"));
  expect(made.refusal(create(ops, {}, "h"))).toEqual(full);
  made.accept({ kind: "report-commit", device: id("a1"), group: id("g"), number: 1 });
  made.accept(create(direct, policy, "j"));
  expect(made.refusal(create(ops, {}, "h"))).toEqual(full);
});

test("GR-34 the place of a group that its members reported is for those who were in it, or could have come in by themselves", () => {
  const made = world();
  made.online("c1", carol);
  made.publish("b1", 3);
  made.create("a1", alice, "g", ops, "invite");
  made.add("a1", alice, "g", [["b1", bob]]);
  for (const device of ["a1", "b1"]) {
    made.accept({ kind: "report-commit", device: id(device), group: id("g"), number: 1 });
  }
  const after = (device: string, owner: Owner) => ({
    ...create(ops, { access: "invite", members: [found(device, owner)] }, "h"),
    device: id(device),
  });
  expect(made.refusal(after("c1", carol))).toEqual({ reason: "not-allowed" });
  made.accept(after("b1", bob));
  // Of an open room whoever may come in may make the successor; of one that all have left anybody.
  made.create("c1", carol, "e", everyone, "open");
  made.accept({ kind: "report-commit", device: id("c1"), group: id("e"), number: 1 });
  made.accept({ ...create(everyone, { members: [found("b1", bob)] }, "f"), device: id("b1") });
  const den: Place = { kind: "room", name: "den" };
  made.create("c1", carol, "d", den, "invite");
  made.accept({ kind: "leave", device: id("c1"), group: id("d") });
  made.accept(create(den, { access: "invite" }, "k"));
});

test("GR-7 a group info over the limit is refused", () => {
  const made = world();
  const large = { ...create(everyone), groupInfo: new Uint8Array(1_048_577) };
  expect(made.refusal(large)).toEqual({ reason: "too-large" });
  expect(made.refusal({ ...large, groupInfo: new Uint8Array(1_048_576) })).toBeNull();
});
