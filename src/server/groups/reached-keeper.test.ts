import { expect, test } from "vitest";
import type { Delivery } from "../../core/ports.ts";
import type { GroupNotice } from "../../groups/rules.ts";
import { applyLive } from "../../groups/state.ts";
import { DeliveryServiceWorld, everyone, id, owners } from "../../../test/helpers/delivery-service.ts";
import { ReachedKeeper } from "./reached-keeper.ts";

const { alice, bob, carol } = owners;
const ALL = [
  ["a1", alice],
  ["b1", bob],
  ["c1", carol],
] as const;

/** Three people in one group, each there by the session with its place in the list. */
function scene() {
  const world = new DeliveryServiceWorld();
  for (const [device, owner] of ALL) {
    world.online(device, owner);
    world.publish(device, 1);
  }
  world.create("a1", alice, "g", everyone, "open");
  world.add("a1", alice, "g", ALL.slice(1));
  for (let n = 1; n <= 9; n++) world.send("a1", "g", n);
  for (const [session, [device]] of ALL.entries()) {
    world.state = applyLive(world.state, { kind: "device-came", device: id(device), session, replaced: null });
  }
  let told = Promise.withResolvers<readonly Delivery<GroupNotice>[]>();
  const keeper = new ReachedKeeper({
    state: () => world.state,
    every: 0,
    onReached: (deliveries) => {
      told.resolve(deliveries);
      told = Promise.withResolvers();
    },
  });
  return {
    keeper,
    acknowledge: (device: string, number: number) => {
      world.accept({ kind: "acknowledge", device: id(device), group: id("g"), number });
      keeper.note(id("g"));
    },
    next: async () => await told.promise,
  };
}

const reached = (to: readonly number[], number: number) => ({
  to,
  except: null,
  notice: { kind: "reached", group: id("g"), number },
});

test("GR-41 what many acknowledge is told once, to those for whom it has changed", async () => {
  const { keeper, acknowledge, next } = scene();
  const first = next();
  for (let n = 1; n <= 8; n++) for (const device of ["b1", "c1"]) acknowledge(device, n);
  expect(await first).toEqual([reached([0], 8), reached([1, 2], 0)]);
  const second = next();
  acknowledge("a1", 10);
  expect(await second).toEqual([reached([1, 2], 8)]);
  keeper.stop();
});

test("GR-41 what a group's view says is what is told, and nothing to who isn't in it", async () => {
  const { keeper, acknowledge, next } = scene();
  const first = next();
  for (const device of ["b1", "c1"]) acknowledge(device, 5);
  await first;
  expect(["a1", "b1", "x"].map((device) => keeper.beside(id("g"), id(device)))).toEqual([5, 0, null]);
  keeper.stop();
});
