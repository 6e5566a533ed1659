import { expect, test } from "vitest";
import type { GroupSession } from "../group-sessions/session.ts";
import type { GroupRow } from "../storage/kept.ts";
import { groupsOf } from "./groups.ts";
import { awaitedWork, wakeInTurn } from "./wake-in-turn.ts";

test("AD-33 groups begin behind what somebody waits for, some at a time, and none is held up for long by those before it", async () => {
  const hang = Promise.withResolvers<void>();
  const begun: string[] = [];
  const open = (id: Uint8Array, conversation: string): GroupSession => {
    const advance = async () => {
      begun.push(conversation);
      if (conversation === "room:3") await hang.promise;
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return { id, advance } as unknown as GroupSession;
  };
  const groups = groupsOf({ rows: rows(40), open, advanced: async () => {}, failed: () => {} });
  /** The clock: each wait ends when the test says so. */
  const waits: (() => void)[] = [];
  const wait = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waits.push(resolve);
    await promise;
  };
  const awaited = awaitedWork();
  const page = Promise.withResolvers<void>();
  const asked = awaited.during(async () => await page.promise);
  const done = wakeInTurn({ groups, system: { wait } }, awaited);
  expect(begun).toEqual([]);
  page.resolve();
  await asked;
  await groups.settled(groups.all().slice(0, 3));
  await new Promise(setImmediate);
  expect(begun.length).toBe(16);
  waits.at(-1)?.();
  await new Promise(setImmediate);
  expect(begun.length).toBe(40);
  await done;
  hang.resolve();
  await groups.settled();
});

test("AD-33 work that somebody waits for and that fails is waited for no more", async () => {
  const awaited = awaitedWork();
  await expect(awaited.during(async () => await Promise.reject(new Error("gone")))).rejects.toThrow("gone");
  await awaited.none();
});

function rows(count: number): readonly GroupRow[] {
  return Array.from({ length: count }, (_, nth) => ({
    id: new Uint8Array(16).fill(nth + 1),
    conversation: `room:${nth}`,
    status: "active",
    stopped: null,
    cursor: 0,
    hash: new Uint8Array(32),
    sent: 0,
    updateDue: 0,
    successor: null,
  }));
}
