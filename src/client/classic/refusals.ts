import { errorText, type ClassicError } from "../../wire/classic/errors.ts";
import type { Failure } from "../outcomes.ts";
import type { Refusal } from "../refusals.ts";

/** What a server said after `ERROR`; `other` carries words that no known server uses. */
export type ServerError = ClassicError | { readonly reason: "other"; readonly text: string };

/** What the classic protocol calls an error, as whoever uses a client knows it. */
export function refusalOf(error: ServerError): Refusal {
  switch (error.reason) {
    case "invalid-name":
    case "name-taken":
    case "name-has-key":
    case "too-many-names":
    case "you-are-banned":
    case "recipient-not-found":
    case "too-many-messages":
    case "not-operator":
    case "no-open-room":
    case "timed-out":
    case "server-full":
    case "not-a-member":
    case "identity-unavailable":
    case "storage-failed":
    case "operator-immune":
    case "target-not-found":
    case "not-banned":
    case "other":
      return error;
    case "line-too-long":
      return { reason: "too-long" };
    case "unknown-command":
      return { reason: "unsupported" };
    case "not-registered":
    case "already-registered":
    case "no-shared-secret":
    case "invalid-payload":
    case "undecryptable":
    case "invalid-text":
    case "invalid-key":
    case "malformed":
    case "one-target-expected":
      return { reason: "not-understood", text: errorText(error) };
  }
}

/** A command that the server refused. */
export function refused(error: ServerError): Extract<Failure, { kind: "refused" }> {
  return { kind: "refused", error: refusalOf(error) };
}
