import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { DeliveryServiceWorld, everyone, found, id, owners } from "../../test/helpers/delivery-service.ts";
import type { CreateGroup } from "./commands.ts";
import type { Decision } from "./decision.ts";
import { viewOf } from "./reading.ts";
import type { Owner, Place } from "./rows.ts";
import { apply } from "./state.ts";

const { alice, bob, carol } = owners;

function world(place: Place = everyone): DeliveryServiceWorld {
  const made = new DeliveryServiceWorld();
  made.online("a1", alice);
  made.online("b1", bob);
  made.online("b2", bob);
  made.online("c1", carol);
  for (const device of ["b1", "b2", "c1"]) made.publish(device, 2);
  made.create("a1", alice, "g", place, place.kind === "direct" ? "listed" : "open");
  made.add("a1", alice, "g", [
    ["b1", bob],
    ["b2", bob],
  ]);
  return made;
}

const leave = (made: DeliveryServiceWorld, device: string) =>
  made.run({ kind: "leave", device: id(device), group: id("g") });

test("GR-33 who leaves is cut off with all devices, and the others hear whom to remove", () => {
  const made = world();
  leave(made, "b1");
  expect(made.pushes.at(-1)).toEqual({
    to: [id("a1")],
    except: null,
    push: { kind: "removal-due", group: id("g"), devices: [id("b1"), id("b2")], since: 1_000, until: 301_000 },
  });
  made.send("a1", "g", 1);
  expect(made.pushes.at(-1)?.to).toEqual([id("a1")]);
  expect(leave(made, "b2")).toEqual({ refusal: { reason: "not-a-member-of-group" } });
});

test("GR-33 who left an open room and wants back comes in anew in place of the old leaf", () => {
  const made = world();
  leave(made, "b1");
  made.accept(made.commit("b1", bob, "g", { kind: "resync", removed: [found("b1", bob)] }));
  made.send("a1", "g", 1);
  expect(made.pushes.at(-1)?.to).toEqual([id("a1"), id("b1")]);
});

test("GR-33 a group that all have left ends, and its place is free", () => {
  const made = world();
  leave(made, "b1");
  leave(made, "a1");
  expect(get(made.state.groups, id("g"))?.status).toMatchObject({ kind: "ended", why: "empty" });
  expect(made.send("a1", "g", 1)).toEqual({ refusal: { reason: "group-ended", successor: null } });
  made.create("a1", alice, "h", everyone, "open");
  expect(made.send("a1", "g", 1)).toEqual({ refusal: { reason: "group-ended", successor: id("h") } });
});

test("GR-33 of a group that all have left each member hears that they are out, and nobody else does", () => {
  const made = world();
  made.add("a1", alice, "g", [["c1", carol]]);
  leave(made, "c1");
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("c1", carol)] }));
  leave(made, "b1");
  expect(viewOf(made.state, id("b2"), id("g"))?.removal).toBe(null);
  leave(made, "a1");
  const devices = [id("b1"), id("b2"), id("a1")];
  for (const device of devices)
    expect(viewOf(made.state, device, id("g"))).toMatchObject({ ended: true, removal: { devices } });
  expect(viewOf(made.state, id("c1"), id("g"))).toMatchObject({ ended: true, removal: null });
});

test("GR-33 nobody leaves a direct conversation", () => {
  const made = world({ kind: "direct", between: [alice, bob] });
  expect(leave(made, "b1")).toEqual({ refusal: { reason: "not-allowed" } });
});

test("GR-34 one report ends a direct conversation", () => {
  const made = world({ kind: "direct", between: [alice, bob] });
  made.accept(made.commit("a1", alice, "g", { kind: "update" }));
  made.accept({ kind: "report-commit", device: id("b1"), group: id("g"), number: 2 });
  expect(made.pushes.at(-1)).toMatchObject({ push: { kind: "group-ended" }, to: [id("a1"), id("b1"), id("b2")] });
  made.create("b1", bob, "h", { kind: "direct", between: [bob, alice] }, "listed");
});

test("GR-34 elsewhere it takes the reports of two people, whatever their numbers; two devices of one are not enough", () => {
  const made = world();
  made.add("a1", alice, "g", [["c1", carol]]);
  made.accept(made.commit("a1", alice, "g", { kind: "update" }));
  expect(report(made, "b1", 0)).toEqual({ refusal: { reason: "not-allowed" } });
  report(made, "b1", 3);
  report(made, "b2", 3);
  expect(get(made.state.groups, id("g"))?.status.kind).toBe("open");
  report(made, "c1", 99);
  expect(get(made.state.groups, id("g"))?.status).toMatchObject({ kind: "ended", why: "invalid-commit" });
});

test("GR-34 where one person alone is left in a room theirs is report enough; of no group nothing is reported, and nobody leaves it", () => {
  const made = new DeliveryServiceWorld();
  made.online("a1", alice);
  made.create("a1", alice, "g", everyone, "open");
  for (const command of [{ kind: "report-commit", number: 1 }, { kind: "leave" }] as const)
    expect(made.refusal({ ...command, device: id("a1"), group: id("none") })).toEqual({ reason: "unknown-group" });
  made.accept({ kind: "report-commit", device: id("a1"), group: id("g"), number: 1 });
  expect(get(made.state.groups, id("g"))?.status).toMatchObject({ kind: "ended", why: "invalid-commit" });
});

test("GR-42 in a server that was restored one report is enough, also of who could have come in by themselves since", () => {
  for (const device of ["b1", "c1"]) {
    const made = restored(world());
    expect(report(made, device, 99)).toMatchObject({ reply: { kind: "done" } });
    expect(get(made.state.groups, id("g"))?.status.kind).toBe("ended");
  }
  const certain = world();
  expect(report(certain, "c1", 99)).toEqual({ refusal: { reason: "not-a-member-of-group" } });
  const pair = restored(world({ kind: "direct", between: [alice, bob] }));
  expect(report(pair, "c1", 99)).toEqual({ refusal: { reason: "not-a-member-of-group" } });
  const room = restored(world());
  room.accept(room.commit("a1", alice, "g", { kind: "policy", access: "invite" }));
  expect(report(room, "c1", 99)).toEqual({ refusal: { reason: "not-a-member-of-group" } });
});

test("GR-42 the place of a group that was reported is for its members; of several who make its successor the first does", () => {
  const made = world();
  made.accept(made.commit("a1", alice, "g", { kind: "policy", access: "invite" }));
  report(made, "a1", 3);
  report(made, "b1", 3);
  expect(made.refusal(successor("c1", carol, "s"))).toEqual({ reason: "not-allowed" });
  made.accept(successor("b2", bob, "t"));
  expect(made.refusal(successor("a1", alice, "u"))).toEqual({ reason: "place-taken", group: id("t") });
  expect(made.send("a1", "g", 1)).toEqual({ refusal: { reason: "group-ended", successor: id("t") } });
});

test("GR-42 a group tells each member up to where all have its messages from this log", () => {
  const made = world();
  made.send("b1", "g", 1);
  made.send("b1", "g", 2);
  made.send("a1", "g", 1);
  expect([written(made, "b1"), written(made, "b2"), written(made, "a1")]).toEqual([3, 0, 4]);
  report(made, "b1", 3);
  expect(written(made, "b1")).toBe(3);
  report(made, "a1", 4);
  expect([written(made, "b1"), written(made, "a1")]).toEqual([2, 2]);

  const again = world();
  again.send("b1", "g", 1);
  const back = restored(again);
  back.send("b1", "g", 2);
  expect(written(back, "b1")).toBe(2);
});

function written(made: DeliveryServiceWorld, device: string): number | undefined {
  return viewOf(made.state, id(device), id("g"))?.written;
}

function successor(device: string, owner: Owner, group: string): CreateGroup {
  return {
    kind: "create-group",
    device: id(device),
    group: id(group),
    place: everyone,
    groupInfo: new Uint8Array(1),
    source: "here",
    found: { group: id(group), epoch: 0, members: [found(device, owner)], access: "open", listed: [] },
  };
}

function report(made: DeliveryServiceWorld, device: string, number: number): Decision {
  return made.run({ kind: "report-commit", device: id(device), group: id("g"), number });
}

/** As `padserve restore` leaves it. */
function restored(made: DeliveryServiceWorld): DeliveryServiceWorld {
  const row = get(made.state.groups, id("g"));
  if (row === undefined) throw new Error("no group");
  made.state = apply(made.state, { table: "group", key: id("g"), value: { ...row, doubtful: 2 } });
  return made;
}

test("GR-6 a ban stands where the person had only left before", () => {
  const made = world();
  leave(made, "b1");
  made.accept({ kind: "order-removal", owner: bob, why: "banned" });
  const back = made.commit("b1", bob, "g", { kind: "resync", removed: [found("b1", bob)] });
  expect(made.refusal(back)).toEqual({ reason: "not-allowed" });
});
