import type { Append, LogEntry, Range } from "../../core/ports.ts";
import { lastOfEach, type StoredBatch, type SavedAll } from "../stored.ts";
import { StoreError } from "../errors.ts";
import type { StoreErrorCode } from "../errors.ts";
import { packJournaled, unpackJournaled } from "./journaled.ts";

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

/** A batch as it travels, its bytes in one block, which is handed over: packed for the journal, or in parts with the bytes of all entries. */
export type PackedBatch =
  | { readonly kind: "journaled"; readonly packed: Uint8Array<ArrayBuffer> }
  | ({ readonly kind: "parts" } & BatchInParts);

interface BatchInParts extends Omit<StoredBatch, "appends"> {
  readonly appends: readonly (Omit<Append, "body"> & { readonly length: number })[];
  readonly bodies: ArrayBuffer;
}

/** And the block. */
export function packBatch(batch: StoredBatch): readonly [PackedBatch, ArrayBuffer] {
  const packed = packJournaled(batch);
  if (packed !== null) return [{ kind: "journaled", packed }, packed.buffer];
  const parts = inParts(batch);
  return [{ kind: "parts", ...parts }, parts.bodies];
}

/** And the same as it is for the journal; null: it isn't. */
export function unpackBatch(batch: PackedBatch): readonly [StoredBatch, Uint8Array | null] {
  switch (batch.kind) {
    case "journaled":
      return [unpackJournaled(batch.packed), batch.packed];
    case "parts":
      return [fromParts(batch), null];
  }
}

function inParts({ facts, appends, trims }: StoredBatch): BatchInParts {
  const bodies = new Uint8Array(appends.reduce((sum, { body }) => sum + body.length, 0));
  let at = 0;
  const packed = appends.map(({ log, number, lasting, body }) => {
    bodies.set(body, at);
    at += body.length;
    return { log, number, lasting, length: body.length };
  });
  return { facts: lastOfEach(facts), appends: packed, trims, bodies: bodies.buffer };
}

function fromParts({ facts, appends, trims, bodies }: BatchInParts): StoredBatch {
  let at = 0;
  const unpacked = appends.map(({ length, ...append }) => {
    const body = new Uint8Array(bodies, at, length);
    at += length;
    return { ...append, body };
  });
  return { facts, appends: unpacked, trims };
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
