import { hash } from "node:crypto";
import { foldName } from "../../src/core/names.ts";
import type { LogEntry, LogId, Range } from "../../src/core/ports.ts";
import type { Database } from "../../src/store/sqlite/database.ts";
import {
  isRow,
  rowKey,
  type FullStore,
  type SavedAll,
  type StoredBatch,
  type StoredFact,
} from "../../src/store/stored.ts";

/** The tests' own, plainest idea of what a store holds. Bodies in hex, so that a difference can be read. */
export interface Held {
  readonly saved: SavedAll;
  readonly logs: Readonly<Record<LogId, readonly HeldEntry[]>>;
}

interface HeldEntry {
  readonly number: number;
  readonly body: string;
}

/** Which entries are lasting, as log and number: a reader is not told. */
const LASTING = new WeakSet<HeldEntry>();

export const NOTHING: Held = {
  saved: { claims: [], bans: [], tailscaledSeen: false, keptRight: null, rows: [] },
  logs: {},
};

/** What a store holds that held `held` and then kept this batch. */
export function keep(held: Held, { facts, appends, trims }: StoredBatch): Held {
  const logs: Record<LogId, readonly HeldEntry[]> = { ...held.logs };
  for (const { log, number, lasting, body } of appends) {
    const entry = { number, body: told(body) };
    if (lasting) LASTING.add(entry);
    logs[log] = [...(logs[log] ?? []), entry];
  }
  for (const { log, through, lasting } of trims) {
    const entries = logs[log];
    if (entries !== undefined)
      logs[log] = entries.filter((entry) => entry.number > through || (LASTING.has(entry) && !lasting));
  }
  return { saved: sorted(facts.reduce(replayed, held.saved)), logs };
}

/** What each of the first batches leaves: one more than there are batches, from nothing on. */
export function heldAfterEach(batches: readonly StoredBatch[]): readonly Held[] {
  const held = [NOTHING];
  for (const batch of batches) held.push(keep(held.at(-1) ?? NOTHING, batch));
  return held;
}

/** All that a store holds: of these logs, since nobody can ask it which it has. A log without entries is left out. */
export async function heldIn(store: FullStore, logs: readonly LogId[]): Promise<Held> {
  const read = await Promise.all(logs.map((log) => store.read(whole(log))));
  return gather(await store.load(), logs, read);
}

export function heldInDatabase(database: Database, logs: readonly LogId[]): Held {
  return gather(
    database.load(),
    logs,
    logs.map((log) => database.read(whole(log))),
  );
}

/** Without the logs that have no entries. */
export function withoutEmptyLogs(held: Held): Held {
  return { ...held, logs: Object.fromEntries(Object.entries(held.logs).filter(([, entries]) => entries.length > 0)) };
}

function whole(log: LogId): Range {
  return { log, after: 0, limit: 1_000_000, bytes: Number.MAX_SAFE_INTEGER };
}

/** In hex; the hash of a long one. */
function told(body: Uint8Array): string {
  return body.length > 64 ? hash("sha256", body) : Buffer.from(body).toString("hex");
}

function gather(saved: SavedAll, logs: readonly LogId[], read: readonly (readonly LogEntry[])[]): Held {
  const entries = logs.map((log, i) => [
    log,
    (read[i] ?? []).map(({ number, body }) => ({ number, body: told(body) })),
  ]);
  return withoutEmptyLogs({ saved: sorted(saved), logs: Object.fromEntries(entries) });
}

/** What was saved, and one fact more. */
export function replayed(saved: SavedAll, fact: StoredFact): SavedAll {
  if (isRow(fact)) {
    const others = saved.rows.filter((row) => rowKey(row) !== rowKey(fact));
    return { ...saved, rows: fact.value === null ? others : [...others, fact] };
  }
  switch (fact.kind) {
    case "name-claimed":
      return { ...saved, claims: [...without(saved.claims, fact.claim.name), fact.claim] };
    case "name-released":
      return { ...saved, claims: without(saved.claims, fact.name) };
    case "ban-placed":
      return { ...saved, bans: [...without(saved.bans, fact.ban.name), fact.ban] };
    case "ban-lifted":
      return { ...saved, bans: without(saved.bans, fact.name) };
    case "right-kept":
      return { ...saved, keptRight: fact.right };
    case "kept-right-given-up":
      return { ...saved, keptRight: null };
    case "tailscaled-seen":
      return { ...saved, tailscaledSeen: true };
  }
}

interface Named {
  readonly name: string;
}

function without<T extends Named>(rows: readonly T[], name: string): T[] {
  return rows.filter((row) => foldName(row.name) !== foldName(name));
}

/** Stores load in no particular order. */
export function sorted(saved: SavedAll): SavedAll {
  return {
    ...saved,
    claims: saved.claims.toSorted(byName),
    bans: saved.bans.toSorted(byName),
    rows: saved.rows.toSorted((a, b) => (rowKey(a) < rowKey(b) ? -1 : 1)),
  };
}

function byName(a: Named, b: Named): number {
  return a.name < b.name ? -1 : 1;
}
