/** All that a store keeps besides logs: the core's facts, and the rows of the delivery service. */
import type { Fact } from "../core/events.ts";
import type { Batch, Saved, Store } from "../core/ports.ts";
import type { Row } from "../groups/rows.ts";

export type StoredFact = Fact | Row;

export type StoredBatch = Batch<StoredFact>;

/** What was saved, in no particular order. A row that was taken away is not among the rows. */
export interface SavedAll extends Saved {
  readonly rows: readonly Row[];
}

export type FullStore = Store<SavedAll, StoredFact>;

const TABLES: Readonly<Record<Row["table"], true>> = {
  server: true,
  device: true,
  "receipt-key": true,
  "user-key": true,
  pending: true,
  confirmation: true,
  packages: true,
  group: true,
  head: true,
  writer: true,
  committer: true,
  cursor: true,
  welcome: true,
};

export function isRow(fact: StoredFact): fact is Row {
  return "table" in fact;
}

/** Of a row that is written more than once only the last write counts: a busy group writes its head with each message. */
export function lastOfEach(facts: readonly StoredFact[]): StoredFact[] {
  const rows = new Map<string, Row>();
  const others: StoredFact[] = [];
  for (const fact of facts) {
    if (isRow(fact)) rows.set(rowKey(fact), fact);
    else others.push(fact);
  }
  return [...others, ...rows.values()];
}

/** Whether a row that was read is one that this version keeps. What is inside its value, the rules that wrote it know. */
export function isRowOfOurs(row: {
  readonly table: string;
  readonly key: string;
  readonly value: unknown;
}): row is Row {
  return Object.hasOwn(TABLES, row.table) && typeof row.value === "object" && row.value !== null;
}

/** One string for each row: the later of two with the same replaces the earlier. No table of ours has a space in its name. */
export function rowKey({ table, key }: Row): string {
  return `${table} ${key}`;
}
