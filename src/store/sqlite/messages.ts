import type { LogEntry, Range } from "../../core/ports.ts";
import type { StoredBatch, SavedAll } from "../stored.ts";
import { StoreError } from "../errors.ts";
import type { StoreErrorCode } from "../errors.ts";

/** What the store asks of its thread; the thread answers each, in order, with one `Answer`. */
export type Request =
  | { readonly kind: "open"; readonly directory: string }
  | { readonly kind: "load" }
  | { readonly kind: "commit"; readonly batch: StoredBatch }
  | { readonly kind: "read"; readonly range: Range }
  | { readonly kind: "back-up"; readonly path: string }
  | { readonly kind: "close" };

export type Answer =
  | { readonly kind: "done" }
  | { readonly kind: "saved"; readonly saved: SavedAll }
  | { readonly kind: "entries"; readonly entries: readonly LogEntry[] }
  | { readonly kind: "failed"; readonly code: StoreErrorCode; readonly message: string; readonly cause: unknown };

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
