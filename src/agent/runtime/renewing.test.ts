import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../storage/sqlite/database.ts";
import { storeInThisThread } from "../storage/sqlite/store.ts";
import { deviceScratch } from "../../../test/agent/device-scratch.ts";
import { makeDevice } from "../../../test/helpers/frame-peer.ts";
import { offerPackages } from "./offer-packages.ts";
import { dueAt, renewing } from "./renewing.ts";

const DAY = 86_400_000;
const MINUTE = 60_000;
const keptBy = (id: Uint8Array, keyPackages: readonly ReturnType<typeof made>[]) => ({
  device: { id },
  keyPackages,
  isRenewalOpen: false,
});
const made = (day: number, lastResort: boolean) => ({ madeAt: day * DAY, lastResort });

test("SR-35 key packages are due when the newest last resort is a month old, or none was made by a clock that was right", () => {
  const isDue = (...keyPackages: readonly ReturnType<typeof made>[]) => isDueOn(100, keyPackages);
  expect(isDue()).toBe(true);
  expect(isDue(made(99, false))).toBe(true);
  expect(isDue(made(20, true), made(71, true), made(99, false))).toBe(false);
  expect(isDue(made(20, true), made(70, true), made(99, false))).toBe(true);
  expect(isDue(made(400, true))).toBe(true);
  expect(isDue(made(101, true))).toBe(false);
});

test("SR-35 devices that were made in one hour are due on different days, from the twentieth to the thirtieth, each after the same time again", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(1000), (id, day) => {
      const after = dueAt(keptBy(id, [made(0, true)]), 0);
      expect(after).toBeGreaterThan(20 * DAY);
      expect(after).toBeLessThanOrEqual(30 * DAY);
      expect(dueAt(keptBy(id, [made(day, true)]), day * DAY)).toBe(day * DAY + after);
    }),
  );
  const ids = [0, 64, 128, 192].map((last) => Uint8Array.of(...new Uint8Array(12), last, 0, 0, 0));
  expect(ids.map((id) => dueAt(keptBy(id, [made(0, true)]), 0) / DAY)).toEqual([30, 27.5, 25, 22.5]);
});

test("SR-35 on a new connection what is due waits some minutes by chance, but not where the server or the device has none that will do for now", async () => {
  const { asked, connect, look, pass } = device();
  expect(await connect()).toBe(true);
  pass(35 * DAY);
  expect(await connect({ random: 0.5 })).toBe(false);
  pass(4 * MINUTE);
  await look();
  // Another connection: it waits no longer for that.
  expect(await connect({ random: 0.9 })).toBe(false);
  expect(asked.length).toBe(1);
  pass(MINUTE);
  await look();
  expect(asked.length).toBe(2);
  expect(await connect()).toBe(false);
  pass(35 * DAY);
  expect(await connect({ there: { lastResort: false } })).toBe(true);
  pass(60 * DAY);
  expect(await connect()).toBe(true);
});

test("SR-35 on a connection that lasts all are replaced when they are due, once; where the server won't have them, again in an hour", async () => {
  const { asked, connect, look, pass, answerWith } = device();
  // Before the first connection has looked nobody does.
  await look();
  await connect();
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
  const { asked, connect, look, pass, answerWith, start } = device();
  await connect();
  pass(30 * DAY);
  answerWith("unknown");
  await look();
  await start();
  expect(await connect()).toBe(true);
  answerWith("answered");
  expect(await connect()).toBe(true);
  expect(await connect()).toBe(false);
  await look();
  expect(asked.map(({ day, replace }) => [day, replace])).toEqual([
    [0, true],
    [30, true],
    [30, true],
    [30, true],
  ]);
});

function isDueOn(day: number, keyPackages: readonly ReturnType<typeof made>[]): boolean {
  return day * DAY >= dueAt(keptBy(new Uint8Array(16), keyPackages), day * DAY);
}

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
    /** A connection comes: true, all were replaced at once. */
    connect: async ({ random = 0, there = { lastResort: true } } = {}) => {
      const isAtOnce = renewal.isDueAtOnce(await store.load(), there, { now: () => now, random: () => random });
      if (isAtOnce) await offerPackages(entrance(), { packages: 0, lastResort: false }, { now, replace: true });
      return isAtOnce;
    },
    look: async () => await renewal.look(entrance()),
    pass: (milliseconds: number) => void (now += milliseconds),
    answerWith: (kind: "answered" | "refused" | "unknown") => void (answer = kind),
    /** The agent anew, on the same folder. */
    start: async () => {
      await store.close();
      store = storeInThisThread(openDatabase(place));
      renewal = renewing();
    },
  };

  function entrance() {
    const whole: unknown = { client, store, engine, self: { engine }, system: { now: () => now } };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the rest of an entrance is for isn't asked here
    return whole as Parameters<typeof renewal.look>[0] & Parameters<typeof offerPackages>[0];
  }
}
