import { expect, test } from "vitest";
import { bytes, DeliveryServiceWorld, everyone, id, owners } from "../../test/helpers/delivery-service.ts";

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

test("GR-25 each key package is given out once, in order, and then the last resort as often as asked", () => {
  const made = world(2);
  const references = [take(made), take(made), take(made), take(made)].map((decision) =>
    "reply" in decision && decision.reply.kind === "packages" ? decision.reply.packages[0]?.reference : null,
  );
  expect(references).toEqual(["b1-0", "b1-1", "b1-2", "b1-2"]);
  expect(made.logs.get(`packages/${id("b1")}`)).toEqual([]);
});

test("GR-25 without a last resort there is none in the end", () => {
  const made = world(1, false);
  take(made);
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
  made.accept(offer(["x", "y", "z"], true));
  const taken = take(made);
  expect(taken).toMatchObject({ reply: { packages: [{ reference: "x", keyPackage: bytes("x") }] } });
});

test("GR-7 a key package over the limit is refused", () => {
  const made = world(0, false);
  const packages = [{ reference: "x", bytes: new Uint8Array(4097) }];
  const publish = { kind: "publish-packages", device: id("b1"), packages, lastResort: null, replace: false } as const;
  expect(made.refusal(publish)).toEqual({ reason: "too-large" });
});
