import { expect, test } from "vitest";
import { openDatabase } from "../storage/sqlite/database.ts";
import { storeInThisThread } from "../storage/sqlite/store.ts";
import { deviceScratch } from "../../../test/agent/device-scratch.ts";
import { makeDevice } from "../../../test/helpers/frame-peer.ts";
import { renewing } from "./renewing.ts";

const DAY = 86_400_000;
const made = (day: number, lastResort: boolean) => ({ madeAt: day * DAY, lastResort });

test("SR-35 key packages are due when the newest last resort is a month old, or none was made by a clock that was right", () => {
  const renewal = renewing();
  expect(renewal.isDue([], 100 * DAY)).toBe(true);
  expect(renewal.isDue([made(99, false)], 100 * DAY)).toBe(true);
  expect(renewal.isDue([made(20, true), made(71, true), made(99, false)], 100 * DAY)).toBe(false);
  expect(renewal.isDue([made(20, true), made(70, true), made(99, false)], 100 * DAY)).toBe(true);
  expect(renewal.isDue([made(400, true)], 100 * DAY)).toBe(true);
  expect(renewal.isDue([made(101, true)], 100 * DAY)).toBe(false);
});

test("SR-35 on a connection that lasts all are replaced when they are due, once; where the server won't have them, again in an hour", async () => {
  const place = deviceScratch("fast");
  const store = storeInThisThread(openDatabase(place));
  const { engine } = makeDevice("A".repeat(22), { kind: "name", identity: "alice" });
  let [now, takes] = [20_000 * DAY, true];
  const asked: { readonly day: number; readonly replace: boolean; readonly count: number }[] = [];
  const client = {
    state: { kind: "online" },
    request: (_: string, { packages, replace }: { packages: readonly unknown[]; replace: boolean }) => {
      asked.push({ day: now / DAY - 20_000, replace, count: packages.length });
      return Promise.resolve({ kind: takes ? "answered" : "refused" });
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the rest of an entrance is for isn't asked here
  const entrance = { client, store, self: { engine }, system: { now: () => now } } as unknown as Parameters<
    ReturnType<typeof renewing>["look"]
  >[0];
  const renewal = renewing();
  // Before the first connection has looked nobody does.
  await renewal.look(entrance);
  renewal.isDue((await store.load()).keyPackages, now);
  for (const days of [0, 0, 29, 1, 0, 29]) {
    now += days * DAY;
    await renewal.look(entrance);
  }
  const whole = { replace: true, count: 20 };
  expect(asked).toEqual([
    { day: 0, ...whole },
    { day: 30, ...whole },
  ]);
  takes = false;
  for (const hours of [24, 0, 0.5, 0.5]) {
    now += (hours * DAY) / 24;
    await renewal.look(entrance);
  }
  expect(asked.slice(2).map(({ day }) => Math.round(day * 24))).toEqual([60 * 24, 60 * 24 + 1]);
  await store.close();
  place.remove();
});
