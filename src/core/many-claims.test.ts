import { expect, test, vi } from "vitest";
import { alice, bob, mallory, outcome, world, type World } from "../../test/helpers/core.ts";
import type { Saved } from "./ports.ts";

const { looks } = vi.hoisted(() => ({ looks: { count: 0 } }));

// Each look into a map, and each of its entries that is gone through.
vi.mock(import("./persistent-map.ts"), async (original) => {
  const real = await original();
  return {
    ...real,
    get: (map, key) => {
      looks.count += 1;
      return real.get(map, key);
    },
    forEach: (map, visit) => {
      looks.count += map.size;
      real.forEach(map, visit);
    },
    valuesOf: (map) => {
      looks.count += map.size;
      return real.valuesOf(map);
    },
  };
});

test.each<[string, (w: World) => string[]]>([
  ["a name is registered", (w) => [outcome(w.join(1, alice, "alice")), outcome(w.join(2, alice, "laptop"))]],
  [
    "somebody is banned, comes again, and is let in",
    (w) => [
      outcome(w.join(1, alice, "alice", "owner")),
      outcome(w.join(2, bob, "bob")),
      outcome(w.run({ kind: "ban", session: 1, target: "bob" })),
      outcome(w.join(3, bob, "bob")),
      outcome(w.run({ kind: "unban", session: 1, target: "bob" })),
      outcome(w.join(4, bob, "bob")),
    ],
  ],
])("DL-30 where %s, as much is looked at among a thousand claims and bans of others as among ten", (_, deeds) => {
  const [few, many] = [world({}, others(10)), world({}, others(1000))];
  const [among, amongMany] = [looksOf(() => deeds(few)), looksOf(() => deeds(many))];
  expect(amongMany).toEqual(among);
  expect(among.looks).toBeGreaterThan(5);
});

function looksOf(deeds: () => string[]): { readonly outcomes: string[]; readonly looks: number } {
  looks.count = 0;
  const outcomes = deeds();
  return { outcomes, looks: looks.count };
}

function others(count: number): Pick<Saved, "claims" | "bans"> {
  const numbers = Array.from({ length: count }, (_, nth) => nth);
  return {
    claims: numbers.map((nth) => ({
      name: `p${nth}`,
      identity: { kind: "person", login: `p${nth}@example.com` },
      claimedAt: 1,
    })),
    bans: numbers.map((nth) => ({
      name: `banned${nth}`,
      identity: { kind: "person", login: `b${nth}@example.com` },
      by: mallory.login,
      bannedAt: 1,
    })),
  };
}
