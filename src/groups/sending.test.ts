import { expect, test } from "vitest";
import { DeliveryServiceWorld, everyone, id, owners } from "../../test/helpers/delivery-service.ts";

const { alice, bob, carol } = owners;

function three(): DeliveryServiceWorld {
  const world = new DeliveryServiceWorld();
  world.online("a1", alice);
  world.online("b1", bob);
  world.online("c1", carol);
  world.publish("b1", 3);
  world.create("a1", alice, "g", everyone, "open");
  world.add("a1", alice, "g", [["b1", bob]]);
  return world;
}

test("GR-1 a message gets the next number, and goes to the members but for its writer", () => {
  const world = three();
  expect(world.send("a1", "g", 1)).toMatchObject({
    reply: { kind: "stored", number: 2, at: 1000 },
    pushes: [{ to: [id("a1"), id("b1")], except: id("a1"), push: { kind: "entry", entry: { number: 2, counter: 1 } } }],
  });
  expect(world.send("b1", "g", 1)).toMatchObject({ reply: { number: 3 } });
});

test("GR-2 the same message told again gets the first answer again, and is kept once", () => {
  const world = three();
  world.send("a1", "g", 1);
  world.send("b1", "g", 1);
  world.at = 2_000;
  expect(world.send("a1", "g", 1)).toMatchObject({ reply: { kind: "stored", number: 2, at: 1000 }, pushes: [] });
  expect(world.log(id("g")).map(({ kind }) => kind)).toEqual(["commit", "message", "message"]);
});

test("GR-2 the retry gets its answer in a later epoch, too", () => {
  const world = three();
  const told = {
    kind: "send",
    device: id("a1"),
    group: id("g"),
    epoch: 1,
    counter: 1,
    message: id("m1"),
    bytes: new Uint8Array(3),
  } as const;
  world.accept(told);
  world.accept(world.commit("b1", bob, "g", { kind: "update" }));
  expect(world.accept(told)).toEqual({ kind: "stored", number: 2, at: 1000 });
});

test("GR-3 a message of another epoch is refused with the current one, and uses up no number and no counter", () => {
  const world = three();
  const stale = {
    kind: "send",
    device: id("a1"),
    group: id("g"),
    epoch: 0,
    counter: 1,
    message: id("m1"),
    bytes: new Uint8Array(3),
  } as const;
  expect(world.refusal(stale)).toEqual({ reason: "stale-epoch", epoch: 1, head: 1 });
  expect(world.refusal({ ...stale, epoch: 2 })).toEqual({ reason: "stale-epoch", epoch: 1, head: 1 });
  expect(world.accept({ ...stale, epoch: 1 })).toMatchObject({ number: 2 });
});

test("GR-4 a gap in a device's counter is refused with the counter that comes next", () => {
  const world = three();
  expect(world.send("a1", "g", 2)).toEqual({ refusal: { reason: "gap", expected: 1 } });
});

test("GR-5 a counter that was used with another message is a copy's or a restored device's", () => {
  const world = three();
  world.send("a1", "g", 1);
  world.send("a1", "g", 2);
  expect(world.send("a1", "g", 1)).toEqual({ refusal: { reason: "rolled-back" } });
  const other = { epoch: 1, counter: 2, message: id("other"), bytes: new Uint8Array(1) };
  expect(world.refusal({ kind: "send", device: id("a1"), group: id("g"), ...other })).toEqual({
    reason: "rolled-back",
  });
  // Nor is another one a retry for having the same id.
  const again = { kind: "send", device: id("a1"), group: id("g"), ...other, message: id("m2") } as const;
  expect(world.refusal({ ...again, counter: 1 })).toEqual({ reason: "rolled-back" });
  expect(world.accept({ ...again, counter: 3 })).toMatchObject({ kind: "stored", number: 4 });
});

test("GR-6 who isn't a member, has left or is to be removed says nothing", () => {
  const world = three();
  expect(world.send("c1", "g", 1)).toEqual({ refusal: { reason: "not-a-member-of-group" } });
  world.accept({ kind: "order-removal", owner: bob, why: "banned" });
  expect(world.send("b1", "g", 1)).toEqual({ refusal: { reason: "not-a-member-of-group" } });
  expect(world.send("a1", "g", 1)).toMatchObject({ pushes: [{ to: [id("a1")] }] });
  expect(world.send("a1", "nowhere", 1)).toEqual({ refusal: { reason: "unknown-group" } });
});

test("GR-7 a message over the limit is refused", () => {
  const world = three();
  const message = { epoch: 1, counter: 1, message: id("m1"), bytes: new Uint8Array(81_921) };
  expect(world.refusal({ kind: "send", device: id("a1"), group: id("g"), ...message })).toEqual({
    reason: "too-large",
  });
  const largest = { ...message, bytes: new Uint8Array(81_920) };
  expect(world.refusal({ kind: "send", device: id("a1"), group: id("g"), ...largest })).toBeNull();
  expect(world.refusal({ kind: "send", device: id("a1"), group: id("none"), ...largest })).toEqual({
    reason: "unknown-group",
  });
});
