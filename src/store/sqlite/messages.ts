import type { Fact } from "../../core/events.ts";
import type { Append, LogEntry, LogId, Range, Trim } from "../../core/ports.ts";
import {
  lastOfEach,
  writtenRow,
  type SavedAll,
  type StoredBatch,
  type WrittenBatch,
  type WrittenRow,
} from "../stored.ts";
import { StoreError } from "../errors.ts";
import type { StoreErrorCode } from "../errors.ts";

/** What the store asks of its thread; the thread answers each, in order, with one `Answer`. */
export type Request =
  | { readonly kind: "open"; readonly directory: string }
  | { readonly kind: "load" }
  | { readonly kind: "commit"; readonly batch: PackedBatch }
  | { readonly kind: "read"; readonly range: Range }
  | { readonly kind: "back-up"; readonly path: string }
  | { readonly kind: "close" };

export type Answer =
  | { readonly kind: "done" }
  | { readonly kind: "saved"; readonly saved: SavedAll }
  | { readonly kind: "entries"; readonly entries: readonly LogEntry[] }
  | { readonly kind: "failed"; readonly code: StoreErrorCode; readonly message: string; readonly cause: unknown };

/** A batch as it travels: rows and numbers as flat lists, since copying objects costs more than storing them; the bytes of all entries in one block. */
export interface PackedBatch {
  /** Those that aren't rows. */
  readonly facts: readonly Fact[];
  /** Of each row three texts: its table, its key, its value as JSON, or null where it goes. */
  readonly rows: readonly (string | null)[];
  readonly logs: readonly LogId[];
  /** Of each entry four numbers: which of `logs` it is for, its own number, 1 where it is lasting, its length. Handed over. */
  readonly appends: Float64Array<ArrayBuffer>;
  /** Handed over. */
  readonly bodies: ArrayBuffer;
  readonly trims: readonly Trim[];
}

const NUMBERS = 4;

/** Throws a `StoreError` for a row that this version doesn't keep. */
export function packBatch({ facts, appends, trims }: StoredBatch): PackedBatch {
  const { rows, others } = lastOfEach(facts);
  const bodies = new Uint8Array(appends.reduce((sum, { body }) => sum + body.length, 0));
  const numbers = new Float64Array(NUMBERS * appends.length);
  const logs = new Map<LogId, number>();
  let at = 0;
  for (const [nth, { log, number, lasting, body }] of appends.entries()) {
    const which = logs.get(log) ?? logs.size;
    logs.set(log, which);
    numbers.set([which, number, lasting ? 1 : 0, body.length], NUMBERS * nth);
    bodies.set(body, at);
    at += body.length;
  }
  const texts: (string | null)[] = [];
  for (const row of rows) {
    const { table, key, json } = writtenRow(row);
    texts.push(table, key, json);
  }
  return { facts: others, rows: texts, logs: [...logs.keys()], appends: numbers, bodies: bodies.buffer, trims };
}

export function unpackBatch({ facts, rows, logs, appends: numbers, bodies, trims }: PackedBatch): WrittenBatch {
  const written: (Fact | WrittenRow)[] = [...facts];
  for (let i = 0; i < rows.length; i += 3) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `packBatch` has put them there
    written.push({ table: rows[i] as WrittenRow["table"], key: rows[i + 1] ?? "", json: rows[i + 2] ?? null });
  }
  const appends: Append[] = [];
  for (let i = 0, at = 0; i < numbers.length; i += NUMBERS) {
    const length = numbers[i + 3] ?? 0;
    const body = new Uint8Array(bodies, at, length);
    appends.push({
      log: logs[numbers[i] ?? 0] ?? "",
      number: numbers[i + 1] ?? 0,
      lasting: numbers[i + 2] === 1,
      body,
    });
    at += length;
  }
  return { facts: written, appends, trims };
}

/** Between threads an error loses its class, so a `StoreError` travels as its parts. */
export function packError(error: StoreError): Answer {
  // A cause may hold what can't be copied between threads; its name, message and stack can.
  const cause = error.cause instanceof Error ? plainError(error.cause) : undefined;
  return { kind: "failed", code: error.code, message: error.message, cause };
}

export function unpackError(answer: Extract<Answer, { kind: "failed" }>): StoreError {
  return new StoreError(answer.code, answer.message, answer.cause);
}

function plainError(error: Error): Error {
  const plain = new Error(`${error.name}: ${error.message}`);
  if (error.stack !== undefined) plain.stack = error.stack;
  return plain;
}
