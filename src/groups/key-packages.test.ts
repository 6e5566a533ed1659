import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { bytes, DeliveryServiceWorld, everyone, found, id, owners } from "../../test/helpers/delivery-service.ts";
import { packageLog } from "./logs.ts";
import { handedOutTo, rangesToTake } from "./key-packages.ts";

const { alice, bob, carol } = owners;

function world(packages: number, lastResort = true): DeliveryServiceWorld {
  const made = new DeliveryServiceWorld({ maxPackages: 4 });
  made.online("a1", alice);
  made.online("b1", bob);
  made.online("c1", carol);
  if (packages > 0 || lastResort) made.publish("b1", packages, lastResort);
  made.create("a1", alice, "g", everyone, "open");
  return made;
}

const take = (made: DeliveryServiceWorld, by = "a1") =>
  made.run({ kind: "take-packages", device: id(by), group: id("g"), of: [id("b1")] });

const requestFor = (...of: readonly string[]) =>
  ({ kind: "take-packages", device: id("a1"), group: id("g"), of: of.map(id) }) as const;

test("GR-25 each key package is given out once, in order, and then the last resort as often as asked", () => {
  const made = world(2);
  const references = [take(made), take(made), take(made), take(made)].map((decision) =>
    "reply" in decision && decision.reply.kind === "packages" ? decision.reply.packages[0]?.reference : null,
  );
  expect(references).toEqual(["b1-0", "b1-1", "b1-2", "b1-2"]);
  expect(made.logs.get(packageLog(id("b1"), 1_000))).toEqual([]);
});

test("GR-25 what can't be read of those that wait is made up for by the last resort", () => {
  const made = world(2);
  made.logs.delete(packageLog(id("b1"), 1_000));
  expect(take(made)).toMatchObject({ reply: { packages: [{ reference: "b1-2" }] } });
});

test("GR-25 so many are given out for one request and no more are read for it", () => {
  const made = new DeliveryServiceWorld({ maxAdded: 2 });
  made.online("a1", alice);
  for (const device of ["b1", "b2", "b3"]) {
    made.online(device, bob);
    made.publish(device, 1);
  }
  made.create("a1", alice, "g", everyone, "open");
  expect(rangesToTake(made.state, requestFor("b1", "b2", "b3"))).toHaveLength(2);
  expect(made.refusal(requestFor("b1", "b2", "b3"))).toEqual({ reason: "too-many", of: "members" });
  expect(made.refusal({ ...requestFor("b1"), group: id("none") })).toEqual({ reason: "unknown-group" });
  expect(made.refusal(requestFor("b1", "none"))).toEqual({ reason: "unknown-device", device: id("none") });
  made.accept(requestFor("b1", "b2"));
});

test("GR-14 of those that were given out and came in no commit the last 64 may still be used, and the last resort as often as it is given out", () => {
  const made = world(0);
  const references = Array.from({ length: 66 }, (_, nth) => `r${nth}`);
  for (const reference of references) {
    made.accept(offer([reference]));
    take(made);
  }
  expect(handedOutTo(made.state, id("b1"))).toEqual([...references.slice(2), "b1-0"]);
  const add = (reference: string) =>
    made.refusal(made.commit("a1", alice, "g", { kind: "add", added: [found("b1", bob)], welcomed: [reference] }));
  const remove = { kind: "remove", removed: [found("b1", bob)], byModerator: true } as const;
  expect(add("r1")).toEqual({ reason: "no-key-package", device: id("b1") });
  for (const reference of ["r9", "b1-0", "b1-0"]) {
    expect(add(reference)).toBeNull();
    made.accept(made.commit("a1", alice, "g", remove));
  }
  // Each of the others is there as before.
  expect(handedOutTo(made.state, id("b1"))).toEqual([...references.slice(2).filter((one) => one !== "r9"), "b1-0"]);
});

test("GR-25 without a last resort there is none in the end", () => {
  const made = world(1, false);
  take(made);
  expect(handedOutTo(made.state, id("b1"))).toEqual(["b1-0"]);
  expect(take(made)).toEqual({ refusal: { reason: "no-key-package", device: id("b1") } });
});

test("GR-25 only a member of the group takes key packages for it, and none twice in one request", () => {
  const made = world(2);
  expect(take(made, "c1")).toEqual({ refusal: { reason: "not-a-member-of-group" } });
  const twice = { kind: "take-packages", device: id("a1"), group: id("g"), of: [id("b1"), id("b1")] } as const;
  expect(made.refusal(twice)).toEqual({ reason: "too-many", of: "members" });
});

test("GR-26 the device hears when less than half are left", () => {
  const made = world(3);
  take(made);
  expect(made.pushes).toEqual([]);
  take(made);
  expect(made.pushes).toEqual([{ to: [id("b1")], except: null, push: { kind: "packages-low", left: 1 } }]);
});

const offer = (references: readonly string[], replace = false) => ({
  kind: "publish-packages" as const,
  device: id("b1"),
  packages: references.map((reference) => ({ reference, bytes: bytes(reference) })),
  lastResort: null,
  replace,
});

test("GR-25 a device offers at most so many, none that it has offered before, and can put new ones in place of all", () => {
  const made = world(2);
  expect(made.refusal(offer(["x", "y", "z"]))).toEqual({ reason: "too-many", of: "key-packages" });
  expect(made.refusal(offer(["b1-0"]))).toEqual({ reason: "not-allowed" });
  expect(made.refusal(offer(["x", "x"]))).toEqual({ reason: "not-allowed" });
  made.accept(offer(["w"]));
  expect(get(made.state.packages, id("b1"))?.references).toEqual(["b1-0", "b1-1", "w"]);
  expect(take(made)).toMatchObject({
    reply: { packages: [{ reference: "b1-0", keyPackage: bytes("package b1 0") }] },
  });
  made.accept(offer(["x", "y", "z", "last"], true));
  // Those before are gone, also those that were given out; the last resort stays where no other is offered.
  expect(made.logs.get(packageLog(id("b1"), 1_000))?.map(({ body }) => body)).toEqual(
    ["x", "y", "z", "last"].map(bytes),
  );
  expect(handedOutTo(made.state, id("b1"))).toEqual(["b1-2"]);
  const taken = take(made);
  expect(taken).toMatchObject({ reply: { packages: [{ reference: "x", keyPackage: bytes("x") }] } });
  // What is offered then comes behind them.
  made.accept(offer(["later"]));
  for (const reference of ["y", "z", "last", "later"])
    expect(take(made)).toMatchObject({ reply: { packages: [{ reference, keyPackage: bytes(reference) }] } });
  // The first of all, in place of none.
  made.accept({ ...offer(["c"], true), device: id("c1") });
  expect(made.logs.get(packageLog(id("c1"), 1_000))).toHaveLength(1);
  expect(made.refusal({ ...offer(["d"]), device: id("none") })).toEqual({
    reason: "unknown-device",
    device: id("none"),
  });
});

test("GR-7 a key package over the limit is refused", () => {
  const made = world(0, false);
  const packages = [{ reference: "x", bytes: new Uint8Array(4097) }];
  const publish = { kind: "publish-packages", device: id("b1"), packages, lastResort: null, replace: false } as const;
  expect(made.refusal(publish)).toEqual({ reason: "too-large" });
  const large = { reference: "y", bytes: new Uint8Array(4097) };
  expect(made.refusal({ ...publish, packages: [], lastResort: large })).toEqual({ reason: "too-large" });
  expect(made.refusal({ ...publish, packages: [{ ...large, bytes: new Uint8Array(4096) }] })).toBeNull();
});
