import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Inbox } from "./inbox.ts";

/** An inbox whose handling is finished by hand, item by item. */
function slowInbox(limit: number) {
  const handled: number[] = [];
  const notes: string[] = [];
  let open = Promise.withResolvers<void>();
  async function handle(item: number): Promise<void> {
    await open.promise;
    open = Promise.withResolvers<void>();
    handled.push(item);
  }
  const inbox = new Inbox<number>(limit, handle, (line) => notes.push(line));
  return { inbox, handled, notes, finishOne: () => open.resolve() };
}

test("CM-14 it drops what comes when it is full, and tells how many when there is room", async () => {
  const { inbox, handled, notes, finishOne } = slowInbox(2);
  expect([1, 2, 3, 4, 5].map((item) => inbox.add(item, 1))).toEqual([true, true, true, false, false]);
  expect(notes).toEqual(["2 waiting is the limit; what comes now is dropped."]);
  finishOne();
  await new Promise(setImmediate);
  expect(inbox.add(6, 1)).toBe(true);
  expect(notes.at(-1)).toBe("2 messages were dropped.");
  for (const _ of [2, 3, 6]) {
    finishOne();
    await new Promise(setImmediate);
  }
  await inbox.finish();
  expect(handled).toEqual([1, 2, 3, 6]);
  expect(notes).toHaveLength(2);
});

test("CM-24 what waits is bounded in its text, too, however many may wait", async () => {
  const { inbox, notes, finishOne } = slowInbox(100_000);
  const text = 64 * 1024;
  // The first is at once at work.
  const taken = Array.from({ length: 1000 }, (_, item) => inbox.add(item, text)).filter(Boolean);
  expect(taken).toHaveLength((16 * 1024 * 1024) / text + 1);
  expect(notes).toEqual(["16 MiB of text waiting is the limit; what comes now is dropped."]);
  finishOne();
  await new Promise(setImmediate);
  expect(inbox.add(1000, text)).toBe(true);
  expect(inbox.add(1001, text)).toBe(false);
  expect(notes.at(1)).toBe("743 messages were dropped.");
  inbox.halt();
  finishOne();
  await inbox.finish();
});

test("CM-14 what was dropped at last is told at the end", async () => {
  const { inbox, notes, finishOne } = slowInbox(1);
  for (const item of [1, 2, 3]) inbox.add(item, 1);
  const finished = inbox.finish();
  finishOne();
  await new Promise(setImmediate);
  finishOne();
  await finished;
  expect(notes.at(-1)).toBe("1 message was dropped.");
});

test("CM-16 halted, it finishes what it is at and tells how many it leaves", async () => {
  const { inbox, handled, notes, finishOne } = slowInbox(10);
  for (const item of [1, 2, 3]) inbox.add(item, 1);
  inbox.halt();
  finishOne();
  await inbox.finish();
  expect(handled).toEqual([1]);
  expect(notes).toEqual(["2 messages were not handled any more."]);
});

test("CM-13 however things come, they are handled one at a time and in their order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.boolean())), async (steps) => {
      const handled: number[] = [];
      let atWork = 0;
      const inbox = new Inbox<number>(
        Infinity,
        async (item) => {
          atWork += 1;
          expect(atWork).toBe(1);
          if (steps[item]?.[0] === true) await Promise.resolve();
          handled.push(item);
          atWork -= 1;
        },
        () => {},
      );
      for (const [i, [, pause]] of steps.entries()) {
        inbox.add(i, 1);
        if (pause) await Promise.resolve();
      }
      await inbox.finish();
      expect(handled).toEqual(steps.map((_, i) => i));
    }),
  );
});
