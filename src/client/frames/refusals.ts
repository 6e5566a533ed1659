import type { Refusal as FrameRefusal } from "../../wire/frames/refusals.ts";
import type { Failure, Refusal } from "../index.ts";
import type { Answer } from "./frames-client.ts";

/** What the frame protocol calls a refusal, as whoever uses a chat client knows it. */
export function refusalOf(refusal: FrameRefusal | null): Refusal {
  if (refusal === null) return { reason: "other", text: "no, for a reason that this version doesn't know" };
  switch (refusal.reason) {
    case "invalid-name":
    case "name-taken":
    case "name-has-key":
    case "not-a-member":
    case "identity-unavailable":
    case "server-full":
    case "timed-out":
    case "storage-failed":
    case "recipient-not-found":
    case "too-many-messages":
    case "not-operator":
    case "no-open-room":
    case "rolled-back":
    case "replaced":
    case "device-removed":
      return { reason: refusal.reason };
    case "you-are-banned":
      return refusal.because === undefined
        ? { reason: "you-are-banned" }
        : { reason: "you-are-banned", because: refusal.because };
    case "too-many-names":
      return refusal.of === undefined ? { reason: "too-many-names" } : { reason: "too-many-names", of: refusal.of };
    case "operator-immune":
      return refusal;
    case "target-not-found":
    case "not-banned":
      return { reason: refusal.reason, target: refusal.target };
    case "other-user-key":
      return { reason: "device-not-confirmed" };
    case "too-many-requests":
      return { reason: "too-many-messages" };
    case "too-large":
      return { reason: "too-long" };
    case "unknown-request":
    case "version":
      return { reason: "unsupported" };
    case "malformed":
    case "hello-first":
    case "wrong-proof":
    case "wrong-device":
    case "not-registered":
    case "already-registered":
    case "invalid-text":
    case "device-needed":
    case "no-user-key":
    case "unknown-group":
    case "not-a-member-of-group":
    case "group-exists":
    case "not-allowed":
    case "invalid-handshake":
    case "not-your-turn":
    case "stale-epoch":
    case "gap":
    case "too-old":
    case "group-ended":
    case "place-taken":
    case "unknown-device":
    case "no-key-package":
    case "too-many":
      return { reason: "not-understood", text: refusal.reason };
  }
}

/** An answer that is none, as a chat client's failure. */
export function failureOf(answer: Exclude<Answer<unknown>, { kind: "answered" }>): Failure {
  return answer.kind === "refused" ? { kind: "refused", error: refusalOf(answer.refusal) } : answer;
}
