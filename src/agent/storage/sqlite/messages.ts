import { AgentStoreError } from "../errors.ts";
import type { AgentStoreErrorCode } from "../errors.ts";
import type { Database } from "./database.ts";
import type { OwnerMark } from "../owner-file.ts";
import type { Place } from "./open.ts";

/** The database's methods by name, with what each takes and gives. */
export type Method = keyof Database;

/** What the store asks of its thread; the thread answers each, in order, with one `Answer`. */
export type Request =
  | { readonly kind: "open"; readonly place: Place; readonly owner: OwnerMark | null }
  | { readonly kind: "call"; readonly method: Method; readonly args: readonly unknown[] };

export type Answer =
  | { readonly kind: "done"; readonly result: unknown }
  | { readonly kind: "failed"; readonly code: AgentStoreErrorCode; readonly message: string; readonly cause: string };

/** Between threads an error loses its class, so it travels as its parts; a cause may hold what can't be copied, so as text. */
export function packError(error: AgentStoreError): Answer {
  const { cause } = error;
  return {
    kind: "failed",
    code: error.code,
    message: error.message,
    cause: cause instanceof Error ? String(cause) : "",
  };
}

export function unpackError({ code, message, cause }: Extract<Answer, { kind: "failed" }>): AgentStoreError {
  return new AgentStoreError(code, message, cause === "" ? undefined : cause);
}
