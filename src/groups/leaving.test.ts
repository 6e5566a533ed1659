import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { DeliveryServiceWorld, everyone, found, id, owners } from "../../test/helpers/delivery-service.ts";
import type { Place } from "./rows.ts";

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
    push: { kind: "removal-due", group: id("g"), devices: [id("b1"), id("b2")] },
  });
  made.send("a1", "g", 1);
  expect(made.pushes.at(-1)?.to).toEqual([id("a1")]);
  expect(leave(made, "b2")).toEqual({ refusal: { reason: "not-a-member-of-group" } });
});

test("GR-33 who left an open room and wants back comes in anew in place of the own leaf", () => {
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

test("GR-34 elsewhere it takes the same report of two people; two devices of one are not enough", () => {
  const made = world();
  made.add("a1", alice, "g", [["c1", carol]]);
  made.accept(made.commit("a1", alice, "g", { kind: "update" }));
  const report = (device: string, number: number) =>
    made.run({ kind: "report-commit", device: id(device), group: id("g"), number });
  report("b1", 3);
  report("b2", 3);
  expect(get(made.state.groups, id("g"))?.status.kind).toBe("open");
  expect(report("c1", 99)).toEqual({ refusal: { reason: "not-allowed" } });
  report("c1", 3);
  expect(get(made.state.groups, id("g"))?.status).toMatchObject({ kind: "ended", why: "invalid-commit" });
});

test("GR-6 a ban stands where the person had only left before", () => {
  const made = world();
  leave(made, "b1");
  made.accept({ kind: "order-removal", owner: bob, why: "banned" });
  const back = made.commit("b1", bob, "g", { kind: "resync", removed: [found("b1", bob)] });
  expect(made.refusal(back)).toEqual({ reason: "not-allowed" });
});
