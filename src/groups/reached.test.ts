import * as fc from "fast-check";
import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { DeliveryServiceWorld, everyone, id, owners } from "../../test/helpers/delivery-service.ts";
import { cursorOf } from "./reading.ts";
import { ownerOf, reachedBeside, reachedIn } from "./reached.ts";
import { ownerKey } from "./state.ts";

const { alice, bob, carol } = owners;
const DEVICES = [
  ["a1", alice],
  ["a2", alice],
  ["b1", bob],
  ["b2", bob],
  ["c1", carol],
] as const;

function world(): DeliveryServiceWorld {
  const made = new DeliveryServiceWorld();
  for (const [device, owner] of DEVICES) {
    made.online(device, owner);
    made.publish(device, 2);
  }
  made.create("a1", alice, "g", everyone, "open");
  made.add("a1", alice, "g", DEVICES.slice(1));
  for (let n = 1; n <= 10; n++) made.send("a1", "g", n);
  return made;
}

function reached(made: DeliveryServiceWorld, owner: (typeof DEVICES)[number][1]): number | null {
  const group = get(made.state.groups, id("g"));
  const found = group === undefined ? null : reachedIn(made.state, id("g"), group);
  return found === null ? null : reachedBeside(found, ownerKey(owner));
}

const acknowledge = (made: DeliveryServiceWorld, device: string, number: number) =>
  made.run({ kind: "acknowledge", device: id(device), group: id("g"), number });

test("GR-40 a person has got as far as the furthest of their devices, all others as far as the last of them", () => {
  const made = world();
  expect(reached(made, alice)).toBe(1);
  acknowledge(made, "b2", 7);
  expect(reached(made, alice)).toBe(1);
  acknowledge(made, "c1", 5);
  expect([reached(made, alice), reached(made, bob), reached(made, carol)]).toEqual([5, 1, 1]);
  acknowledge(made, "a2", 9);
  expect([reached(made, alice), reached(made, bob), reached(made, carol)]).toEqual([5, 5, 7]);
});

test("GR-40 nobody waits for who is to be removed, and nobody else is nobody", () => {
  const made = world();
  acknowledge(made, "b1", 8);
  made.accept({ kind: "order-removal", owner: carol, why: "banned" });
  expect(reached(made, alice)).toBe(8);
  made.accept({ kind: "order-removal", owner: bob, why: "banned" });
  expect(reached(made, alice)).toBe(null);
});

test("GR-40 whatever was acknowledged, it is what counting one by one gives", () => {
  const acknowledged = fc.array(fc.tuple(fc.constantFrom(...DEVICES), fc.integer({ min: 1, max: 11 })));
  fc.assert(
    fc.property(acknowledged, (all) => {
      const made = world();
      for (const [[device], number] of all) acknowledge(made, device, number);
      const group = get(made.state.groups, id("g"));
      if (group === undefined) throw new Error("no group");
      for (const own of [alice, bob, carol]) {
        const others = [alice, bob, carol].filter((owner) => owner !== own);
        const furthest = others.map((owner) =>
          Math.max(
            ...DEVICES.filter(([device]) => ownerOf(made.state, id(device)) === ownerKey(owner)).map(([device]) =>
              cursorOf(made.state, group, id("g"), id(device)),
            ),
          ),
        );
        expect(reached(made, own)).toBe(Math.min(...furthest));
      }
    }),
  );
});
