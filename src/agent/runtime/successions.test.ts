import { expect, test } from "vitest";
import type { GroupView } from "../../wire/frames/groups.ts";
import { toText } from "../delivery/base64url.ts";
import { EVERYONE } from "../delivery/places.ts";
import type { GroupRow } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import { successions } from "./successions.ts";

const [before, successor] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
const row: GroupRow = {
  id: before,
  conversation: EVERYONE,
  status: "stopped",
  stopped: "log-broken",
  cursor: 7,
  hash: new Uint8Array(32),
  sent: 0,
  updateDue: 0,
  successor: null,
};
const view: GroupView = {
  group: toText(successor),
  place: { kind: "everyone" },
  access: "open",
  epoch: 1,
  head: 1,
  hash: null,
  members: 2,
  cursor: null,
  welcome: false,
  ended: false,
  removal: null,
  reached: null,
  written: 0,
};

test("SR-71 whoever has no part in making the successor of a closed group looks for it again", async () => {
  const timers: (() => void)[] = [];
  let woken = 0;
  const other: GroupRow = { ...row, id: new Uint8Array(16).fill(3), conversation: "room:ops" };
  const entrance = {
    store: {
      load: async () => await Promise.resolve({ groups: [row, other] }),
      group: async () => await Promise.resolve(null),
    },
    system: { now: () => 0, wait: async () => await new Promise<void>((resolve) => timers.push(resolve)) },
    self: { owner: { kind: "name", identity: "alice" } },
    groups: { wake: () => (woken += 1), session: () => null },
  };
  const these = successions({ rows: [row, other], onContinued: () => {}, onStuck: () => {}, onOwing: () => {} });
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const run = async () => await these.run(entrance as unknown as Entrance, []);
  await run();
  await run();
  expect([timers.length, woken]).toEqual([1, 0]);
  timers.shift()?.();
  await Promise.resolve();
  await Promise.resolve();
  // Each of them, once.
  expect(woken).toBe(2);
  await run();
  await run();
  expect(timers.length).toBe(1);
});

test("SR-66 whoever isn't added to a successor comes in by itself when that time is over, whatever the clock shows then, and tries again as long as it can't", async () => {
  const timers: (() => void)[] = [];
  let [asked, woken] = [0, 0];
  const entrance = {
    store: {
      load: async () => await Promise.resolve({ groups: [row] }),
      group: async () => await Promise.resolve(null),
    },
    service: {
      joinInfo: async () => {
        asked += 1;
        return await Promise.resolve({ kind: "offline" });
      },
    },
    // It stands still: a timer ends before it shows the time that was waited for.
    system: { now: () => 0, wait: async () => await new Promise<void>((resolve) => timers.push(resolve)) },
    self: { owner: { kind: "name", identity: "alice" } },
    groups: { wake: () => (woken += 1) },
  };
  const these = successions({ rows: [row], onContinued: () => {}, onStuck: () => {}, onOwing: () => {} });
  // What isn't asked here needs no answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const run = async () => await these.run(entrance as unknown as Entrance, [view]);
  const timeIsOver = async () => {
    timers.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  };
  await run();
  await run();
  expect([asked, woken, timers.length]).toEqual([0, 0, 1]);
  for (const times of [1, 2, 3]) {
    await timeIsOver();
    expect(woken).toBe(times);
    await run();
    expect([asked, timers.length]).toEqual([times, 1]);
  }
});
