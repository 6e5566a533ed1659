import { expect, test } from "vitest";
import { expireTurn, groupsWith, holderOf, NO_TURNS, releaseTurn, requestTurn, type Turns } from "./turns.ts";

const options = (now: number) => ({ now, length: 5_000, most: 2 });

function ask(turns: Turns, device: string, now: number) {
  const change = requestTurn(turns, "g", device, options(now));
  if (change === null) throw new Error("too many wait");
  return change;
}

test("GR-35 the turn goes from one to the next in the order they asked", () => {
  const first = ask(NO_TURNS, "a", 0);
  expect(first.granted).toBe("a");
  const second = ask(ask(first.turns, "b", 1).turns, "c", 2);
  expect(second.granted).toBeNull();
  expect(holderOf(second.turns, "g", 3)).toBe("a");
  const released = releaseTurn(second.turns, "g", "a", options(4));
  expect(released.granted).toBe("b");
  expect(releaseTurn(released.turns, "g", "b", options(5)).granted).toBe("c");
});

test("GR-35 who holds it for too long loses it", () => {
  const { turns } = ask(ask(NO_TURNS, "a", 0).turns, "b", 1);
  expect(expireTurn(turns, "g", options(4_999)).granted).toBeNull();
  expect(holderOf(turns, "g", 5_000)).toBeNull();
  expect(expireTurn(turns, "g", options(5_000)).granted).toBe("b");
});

test("GR-35 asking again changes nothing, giving up leaves the queue, and too many are refused", () => {
  const { turns } = ask(ask(ask(NO_TURNS, "a", 0).turns, "b", 1).turns, "c", 2);
  expect(ask(turns, "b", 3).turns).toBe(turns);
  expect(requestTurn(turns, "g", "d", options(3))).toBeNull();
  const shorter = releaseTurn(turns, "g", "b", options(4)).turns;
  expect(releaseTurn(shorter, "g", "a", options(5)).granted).toBe("c");
});

test("GR-35 other groups have turns of their own", () => {
  const { turns } = ask(NO_TURNS, "a", 0);
  expect(holderOf(turns, "h", 1)).toBeNull();
});

test("GR-35 a device that is gone leaves every turn that it has or waits for", () => {
  const { turns } = ask(ask(NO_TURNS, "a", 0).turns, "b", 1);
  expect(groupsWith(turns, "a")).toEqual(["g"]);
  expect(groupsWith(turns, "b")).toEqual(["g"]);
  expect(groupsWith(turns, "c")).toEqual([]);
});
