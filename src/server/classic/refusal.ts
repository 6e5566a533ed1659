import type { Refusal } from "../../core/refusals.ts";
import type { ClassicError } from "../../wire/classic/errors.ts";
import type { ClassicTag } from "./tag.ts";

/**
 * What a classic peer reads of a refusal.
 * @param asked for `invalid-request`: what was wrong, in this protocol's own words.
 */
export function classicError(refusal: Refusal, asked: ClassicTag["asked"] | null): ClassicError {
  switch (refusal.reason) {
    case "too-many-names":
      return { reason: refusal.reason };
    case "invalid-request":
      return typeof asked === "object" && asked !== null ? asked : { reason: "unknown-command", line: "" };
    case "not-registered":
    case "already-registered":
    case "invalid-name":
    case "name-taken":
    case "name-has-key":
    case "you-are-banned":
    case "recipient-not-found":
    case "too-many-messages":
    case "not-operator":
    case "operator-immune":
    case "target-not-found":
    case "not-banned":
    case "no-open-room":
    case "timed-out":
    case "server-full":
    case "not-a-member":
    case "identity-unavailable":
    case "storage-failed":
      return refusal;
  }
}
