/**
 * `server/frames`: the frame protocol on a session: its requests become commands, notices become replies and pushes. Limits
 * are not here but in `session/`.
 */

import type { Refusal } from "../../wire/frames/refusals.ts";
import type { ReplyBody, RequestType } from "../../wire/frames/requests.ts";
import type { Outcome } from "../groups/outcomes.ts";
import { refusalOfGroups } from "./outbound.ts";

/** `reply` is the body of the answer, see `replyTo`. */
export type Answered = { readonly reply: object } | { readonly refusal: Refusal };

/** An outcome of the delivery service as the answer to what was asked. */
export function answered<T extends RequestType, V>(
  type: T,
  outcome: Outcome<V>,
  bodyOf: (value: V) => ReplyBody<T>,
): Answered {
  return outcome.ok ? replyTo(type, bodyOf(outcome.value)) : { refusal: refusalOfGroups(outcome.refusal) };
}

/** Holds the body to the type of what was asked. */
export function replyTo<T extends RequestType>(_type: T, body: ReplyBody<T>): Answered {
  return { reply: body };
}
