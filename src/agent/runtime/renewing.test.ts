import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../storage/sqlite/database.ts";
import { storeInThisThread } from "../storage/sqlite/store.ts";
import { deviceScratch } from "../../../test/agent/device-scratch.ts";
import { makeDevice } from "../../../test/helpers/frame-peer.ts";
import { renewing } from "./renewing.ts";

const DAY = 86_400_000;
const made = (day: number, lastResort: boolean) => ({ madeAt: day * DAY, lastResort });

test("SR-35 key packages are due when the newest last resort is a month old, or none was made by a clock that was right", () => {
  const renewal = renewing();
  const isDue = (...keyPackages: readonly ReturnType<typeof made>[]) =>
    renewal.isDue({ keyPackages, isRenewalOpen: false }, 100 * DAY);
  expect(isDue()).toBe(true);
  expect(isDue(made(99, false))).toBe(true);
  expect(isDue(made(20, true), made(71, true), made(99, false))).toBe(false);
  expect(isDue(made(20, true), made(70, true), made(99, false))).toBe(true);
  expect(isDue(made(400, true))).toBe(true);
  expect(isDue(made(101, true))).toBe(false);
});

test("SR-35 on a connection that lasts all are replaced when they are due, once; where the server won't have them, again in an hour", async () => {
  const { asked, isDue, look, pass, answerWith } = device();
  // Before the first connection has looked nobody does.
  await look();
  await isDue();
  for (const days of [0, 0, 29, 1, 0, 29]) {
    pass(days * DAY);
    await look();
  }
  const whole = { replace: true, count: 20 };
  expect(asked).toEqual([
    { day: 0, ...whole },
    { day: 30, ...whole },
  ]);
  answerWith("refused");
  for (const hours of [24, 0, 0.5, 0.5]) {
    pass((hours * DAY) / 24);
    await look();
  }
  expect(asked.slice(2).map(({ day }) => Math.round(day * 24))).toEqual([60 * 24, 60 * 24 + 1]);
});

test("SR-35 where the answer is lost all are due still, also after a restart and with new ones on the disk, until one has come", async () => {
  const { asked, isDue, look, pass, answerWith, start } = device();
  await isDue();
  await look();
  pass(30 * DAY);
  answerWith("unknown");
  await look();
  await start();
  expect(await isDue()).toBe(true);
  await look();
  answerWith("answered");
  expect(await isDue()).toBe(true);
  await look();
  expect(await isDue()).toBe(false);
  await look();
  expect(asked.map(({ day, replace }) => [day, replace])).toEqual([
    [0, true],
    [30, true],
    [30, true],
    [30, true],
  ]);
});

/** A device on day 0 that is connected to a server which answers all: its store is a real one. */
function device() {
  const place = deviceScratch("fast");
  let store = storeInThisThread(openDatabase(place));
  onTestFinished(async () => {
    await store.close();
    place.remove();
  });
  const { engine } = makeDevice("A".repeat(22), { kind: "name", identity: "alice" });
  const begin = 20_000 * DAY;
  let [now, answer, renewal] = [begin, "answered", renewing()];
  const asked: { readonly day: number; readonly replace: boolean; readonly count: number }[] = [];
  const client = {
    state: { kind: "online" },
    request: (_: string, { packages, replace }: { packages: readonly unknown[]; replace: boolean }) => {
      asked.push({ day: (now - begin) / DAY, replace, count: packages.length });
      return Promise.resolve({ kind: answer });
    },
  };
  return {
    asked,
    isDue: async () => renewal.isDue(await store.load(), now),
    look: async () => {
      const entrance: unknown = { client, store, self: { engine }, system: { now: () => now } };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the rest of an entrance is for isn't asked here
      await renewal.look(entrance as Parameters<typeof renewal.look>[0]);
    },
    pass: (milliseconds: number) => void (now += milliseconds),
    answerWith: (kind: "answered" | "refused" | "unknown") => void (answer = kind),
    /** The agent anew, on the same folder. */
    start: async () => {
      await store.close();
      store = storeInThisThread(openDatabase(place));
      renewal = renewing();
    },
  };
}
