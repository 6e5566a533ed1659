import { listAnswer } from "./answers.ts";
import { errorOf } from "./blocks.ts";
import type { AnswerReader, Step } from "./blocks.ts";
import type { Failure, Taken } from "../outcomes.ts";
import { refused, type ServerError } from "./refusals.ts";

/**
 * The answer to a direct message with a LIST sent right after it. The protocol has none of its own: `SEND id` is
 * answered by nothing or by an error. As the server answers in order, LIST's answer proves that it has dealt with the
 * message; an error before it is the message's. Each message has its own LIST, so an error is never another message's,
 * however many are under way.
 */
export function directAnswer(ownId: string): AnswerReader<Taken> {
  const presence = presenceAnswer(ownId);
  let refusal: ServerError | null = null;
  let listing = false;
  return {
    read(line): Step<Taken> {
      const error = refusal === null && !listing ? errorOf(line) : null;
      if (error !== null) {
        refusal = error;
        return { kind: "more" };
      }
      const step = presence.read(line);
      listing ||= step.kind === "more";
      // Were LIST refused too, the first error would still be the message's: each of the two has at most one.
      if (step.kind !== "done" || refusal === null) return step;
      return { kind: "done", result: refused(refusal) };
    },
    atEnd: () => (refusal !== null && isSendOnly(refusal) ? refused(refusal) : null),
  };
}

/**
 * The answer to LIST as a sign of life. It must name us: an old server that has lost us (a ghost of the same id left)
 * goes on answering, but delivers nothing to us and says nothing when our messages find nobody.
 */
export function presenceAnswer(ownId: string): AnswerReader<Taken> {
  const list = listAnswer();
  return {
    read(line): Step<Taken> {
      const step = list.read(line);
      if (step.kind !== "done") return step;
      const { result } = step;
      return { kind: "done", result: result.kind === "answered" ? conclude(result.value, ownId) : result };
    },
  };
}

/** Ids are the same in either case. */
function conclude(ids: readonly string[], ownId: string): Taken | Failure {
  const own = ownId.toLowerCase();
  const listed = ids.some((id) => id.toLowerCase() === own);
  return listed ? { kind: "taken" } : { kind: "unknown", why: { kind: "forgotten" } };
}

/** Errors that LIST can't have. Any other, alone, could also be LIST's, behind a message that was taken. */
function isSendOnly(error: ServerError): boolean {
  switch (error.reason) {
    case "recipient-not-found":
    case "invalid-payload":
    case "too-many-messages":
    case "line-too-long":
      return true;
    case "malformed":
      return error.verb === "SEND";
    case "not-registered":
    case "already-registered":
    case "invalid-name":
    case "name-taken":
    case "name-has-key":
    case "too-many-names":
    case "you-are-banned":
    case "no-shared-secret":
    case "undecryptable":
    case "invalid-text":
    case "invalid-key":
    case "not-operator":
    case "no-open-room":
    case "timed-out":
    case "server-full":
    case "not-a-member":
    case "identity-unavailable":
    case "storage-failed":
    case "unknown-command":
    case "one-target-expected":
    case "operator-immune":
    case "target-not-found":
    case "not-banned":
    case "other":
      return false;
  }
}
