import { expect, test } from "vitest";
import type { Entrance } from "./entrance.ts";
import { removeOrdered } from "./removals.ts";

const ordered = { group: "Z3JvdXA", devices: ["ZGV2aWNl"], since: 0, until: 1 };

test("SR-77 a removal that is told to a device before it is in that group waits for it to be", async () => {
  const told: unknown[] = [];
  const session = (status: string) => ({
    look: async () => await Promise.resolve({ row: { status }, members: [], ordered: new Set<string>() }),
    orderRemovals: (...order: unknown[]) => told.push(order),
  });
  const removed = async (found: ReturnType<typeof session> | null) => {
    const groups = { session: () => found, wake: () => {} };
    const self = { server: new Uint8Array(16), owner: { kind: "person", identity: "1001" } };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what isn't asked here needs no answer
    return await removeOrdered({ groups, self } as unknown as Entrance, ordered, { isPatient: true });
  };
  expect(await removed(null)).toBe("not-there");
  expect(await removed(session("joining"))).toBe("not-there");
  expect(told).toEqual([]);
  expect(await removed(session("active"))).toBe(0);
  expect(told).toHaveLength(1);
});
