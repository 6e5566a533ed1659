import type { StoredBatch } from "../../src/store/stored.ts";

/**
 * Batches that use every statement of a store: new, replaced and removed rows, new logs, appends to old ones, trims, and a body of many
 * pages. Those without facts of names and bans and without trims are for the journal; others come behind them, and in the end they stay.
 */
export const SCRIPT: readonly StoredBatch[] = [
  {
    facts: [claim("ada", 1), ban("eve", 2), cursor("ada", 1), cursor("bob", 1), { kind: "tailscaled-seen" }],
    appends: [entry("room", 1, "first"), entry("room", 2, ""), entry("devices/ada", 1, "key package")],
    trims: [],
  },
  {
    facts: [claim("Ada", 3), cursor("ada", 3), cursor("bob", null), { kind: "ban-lifted", name: "eve" }],
    appends: [entry("room", 3, "x".repeat(20_000))],
    trims: [],
  },
  {
    facts: [cursor("ada", 4), cursor("carol", 1)],
    appends: [entry("notes", 1, "one"), entry("notes", 2, "y".repeat(9_000))],
    trims: [],
  },
  { facts: [cursor("ada", 5), cursor("carol", null)], appends: [entry("notes", 3, "")], trims: [] },
  {
    facts: [],
    appends: [entry("devices/ada", 2, "key package"), entry("devices/ada", 3, "key package")],
    trims: [
      { log: "room", through: 2, lasting: false },
      { log: "devices/ada", through: 2, lasting: false },
    ],
  },
  {
    facts: [claim("bob", 4), ban("mallory", 5), { kind: "tailscaled-seen" }],
    appends: [],
    trims: [{ log: "room", through: 3, lasting: true }],
  },
  {
    facts: [{ kind: "name-released", name: "ada" }],
    appends: Array.from({ length: 20 }, (_, i) => entry("room", 4 + i, `line ${i}`)),
    trims: [{ log: "room", through: 9, lasting: false }],
  },
  {
    facts: [cursor("ada", 6), cursor("dan", 1)],
    appends: [entry("room", 24, "a line"), entry("notes", 4, "four"), entry("room", 25, "another")],
    trims: [],
  },
  { facts: [cursor("dan", null)], appends: [entry("notes", 5, "five")], trims: [] },
];

export const SCRIPT_LOGS = ["room", "devices/ada", "notes"] as const;

function claim(name: string, claimedAt: number): StoredBatch["facts"][number] {
  return {
    kind: "name-claimed",
    claim: { name, identity: { kind: "person", login: `${name}@example.com` }, claimedAt },
  };
}

function cursor(key: string, number: number | null): StoredBatch["facts"][number] {
  return { table: "cursor", key, value: number === null ? null : { number } };
}

function ban(name: string, bannedAt: number): StoredBatch["facts"][number] {
  return { kind: "ban-placed", ban: { name, identity: null, by: "ada", bannedAt } };
}

function entry(log: string, number: number, text: string): StoredBatch["appends"][number] {
  return { log, number, lasting: number % 4 === 0, body: Buffer.from(text) };
}
