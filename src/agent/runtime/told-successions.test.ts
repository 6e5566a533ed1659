import { expect, test } from "vitest";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Standing } from "../group-sessions/context.ts";
import { toldSuccessions } from "./told-successions.ts";

const server = new Uint8Array(16).fill(1);
const alice: Who = { server, kind: "person", identity: "1001" };
const [known, next] = [new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)];
const held: Standing = {
  kind: "held",
  holds: [{ kind: "changed-key", who: [whoKey(alice)], shown: [{ who: alice, userKey: next, known }] }],
};

test("SR-57 a group that can't be read now is no failure: the key is held as a changed one", async () => {
  const { entrance, asked } = device({ members: async () => await Promise.reject(new Error("damaged")) });
  expect(await toldSuccessions().resolves(entrance, held)).toBe(false);
  expect(asked).toEqual(["successions"]);
});

test("SR-57 a server that is slow to answer keeps nobody from hearing of the hold, and what it says at last wakes the groups", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { entrance, woken } = device({ answer: promise });
  expect(await toldSuccessions().resolves(entrance, held)).toBe(false);
  resolve();
  await woken;
});

test("SR-57 what was refused is asked for again as soon as leaves of that person have changed somewhere, else not at once", async () => {
  const { entrance, asked } = device({ isTaken: false });
  const told = toldSuccessions();
  for (let time = 0; time < 2; time += 1) expect(await told.resolves(entrance, held)).toBe(false);
  expect(asked).toHaveLength(1);
  expect(told.leavesChanged(["somebody else"])).toBe(false);
  await told.resolves(entrance, held);
  expect(asked).toHaveLength(1);
  expect(told.leavesChanged([whoKey(alice)])).toBe(true);
  await told.resolves(entrance, held);
  expect(asked).toHaveLength(2);
  expect(told.leavesChanged([whoKey(alice)])).toBe(true);
  expect(told.leavesChanged([whoKey(alice)])).toBe(false);
});

test("SR-57 a hold for other reasons asks the server nothing", async () => {
  const { entrance, asked } = device({});
  const told = toldSuccessions();
  for (const standing of [{ kind: "idle" }, { kind: "held", holds: [{ kind: "new-readers", who: ["bob"] }] }] as const)
    expect(await told.resolves(entrance, standing)).toBe(false);
  expect(asked).toEqual([]);
});

/** A device that knows alice by one key, on a server that has something to tell of her. */
function device({
  members = async () => await Promise.resolve([]),
  answer = Promise.resolve(),
  isTaken = true,
}: {
  readonly members?: () => Promise<readonly never[]>;
  /** When the server answers. */
  readonly answer?: Promise<void>;
  readonly isTaken?: boolean;
}) {
  const asked: string[] = [];
  const woken = Promise.withResolvers<void>();
  const entrance = {
    client: {
      request: async (type: string) => {
        asked.push(type);
        await answer;
        return { kind: "answered", value: { statements: [new Uint8Array(1)] } };
      },
    },
    store: {},
    groups: { members, wakeAll: woken.resolve },
    self: {
      server,
      owner: { kind: "person", identity: "1002" },
      people: {
        keyOf: () => known,
        told: () => [],
        change: async () => await Promise.resolve(isTaken ? [{}] : []),
      },
    },
    // All that waits for a time has waited long enough when nothing else is to be done.
    system: { now: () => 0, wait: async () => await new Promise<void>((resolve) => setImmediate(resolve)) },
  };
  type Entrance = Parameters<ReturnType<typeof toldSuccessions>["resolves"]>[0];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what asking needs of them
  return { entrance: entrance as unknown as Entrance, asked, woken: woken.promise };
}
