import { expect, test } from "vitest";
import type { CommitOutcome } from "../group-sessions/commit.ts";
import type { Intent } from "../storage/kept.ts";
import { deviceAdding } from "./add-devices.ts";
import type { Entrance } from "./entrance.ts";
import type { Missing } from "./missing-devices.ts";
import { SYSTEM } from "./system.ts";

// What is taken and committed here asks nothing of it.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const entrance = {} as Entrance;
const DONE: CommitOutcome = { kind: "done", epoch: 1 };
const REFUSED: CommitOutcome = { kind: "refused", why: "not-allowed" };

test("SR-41 a device without a key package keeps no other out, and is left to be tried again", async () => {
  const { commits, session } = group(() => DONE);
  const adding = deviceAdding(
    SYSTEM,
    async (_, __, { device }) => await Promise.resolve(device === "bare" ? null : packageOf(device)),
  );
  const { left, tries } = await adding.add(entrance, session, [missing("bare"), missing("good")]);
  expect([left.map(({ device }) => device), tries, commits]).toEqual([["bare"], 1, [["good"]]]);
});

test("SR-41 where the commit of several is refused each is tried alone", async () => {
  const { commits, session } = group((devices) => (devices.includes("bad") ? REFUSED : DONE));
  const adding = deviceAdding(SYSTEM, async (_, __, { device }) => await Promise.resolve(packageOf(device)));
  const { left } = await adding.add(entrance, session, [missing("good"), missing("bad")]);
  expect([left.map(({ device }) => device), commits]).toEqual([["bad"], [["good", "bad"], ["good"], ["bad"]]]);
});

test("SR-41 what can't be added is tried five times, and again on another connection or after ten minutes", async () => {
  let [now, taken] = [0, 0];
  const { session } = group(() => DONE);
  const adding = deviceAdding({ ...SYSTEM, now: () => now }, async () => {
    taken += 1;
    return await Promise.resolve(null);
  });
  const tryOften = async () => {
    taken = 0;
    for (let i = 0; i < 9; i += 1) await adding.add(entrance, session, [missing("bare")]);
    return taken;
  };
  expect(await tryOften()).toBe(5);
  expect([adding.mayTry("Z3JvdXA", "bare"), await tryOften()]).toEqual([false, 0]);
  adding.begin();
  expect(await tryOften()).toBe(5);
  now += 600_001;
  expect(await tryOften()).toBe(5);
});

function group(answer: (devices: readonly string[]) => CommitOutcome) {
  const commits: (readonly string[])[] = [];
  return {
    commits,
    session: {
      id: Buffer.from("group"),
      commit: async (intent: Intent) => {
        const devices =
          intent.kind === "add" ? intent.devices.map(({ deviceId }) => Buffer.from(deviceId).toString()) : [];
        commits.push(devices);
        return await Promise.resolve(answer(devices));
      },
    },
  };
}

function packageOf(device: string) {
  return { deviceId: Buffer.from(device), keyPackage: new Uint8Array() };
}

function missing(device: string): Missing {
  const owner = { kind: "name", identity: "bob" } as const;
  const person = {
    name: "bob",
    owner,
    label: "",
    online: true,
    classic: false,
    away: null,
    userKey: null,
    devices: [],
  };
  return { person, device, userKey: new Uint8Array() };
}
