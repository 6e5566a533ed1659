import type { Answer } from "../../client/frames/index.ts";
import type { Refusal as FrameRefusal } from "../../wire/frames/refusals.ts";
import type { Refusal } from "../group-sessions/ports.ts";

/** What a group session makes of an answer that is none. Whatever may heal by itself is `offline`: asked again later, under its id. */
export function refusalOf(answer: Exclude<Answer<unknown>, { kind: "answered" }>): Refusal {
  switch (answer.kind) {
    case "unknown":
    case "not-sent":
      return { kind: "offline" };
    case "refused":
      // For a reason that this version doesn't know: nothing is dropped for it.
      return answer.refusal === null ? { kind: "offline" } : known(answer.refusal);
  }
}

function known(refusal: FrameRefusal): Refusal {
  const { reason } = refusal;
  switch (reason) {
    case "stale-epoch":
    // Another has the turn: as good as another's commit that comes first.
    case "not-your-turn":
      return { kind: "stale-epoch" };
    case "rolled-back":
      return { kind: "rolled-back" };
    case "gap":
      return { kind: "number-gap", expected: refusal.expected };
    case "too-old":
      return { kind: "too-old" };
    case "group-ended":
      return { kind: "closed" };
    case "unknown-group":
    case "not-a-member-of-group":
      return { kind: "not-a-member" };
    // The connection isn't what it should be, the server has too much to do or can't write: later.
    case "hello-first":
    case "replaced":
    case "not-registered":
    case "identity-unavailable":
    case "server-full":
    case "timed-out":
    case "too-many-requests":
    case "too-many-messages":
    case "storage-failed":
    case "device-needed":
      return { kind: "offline" };
    case "too-many":
      return refusal.of === "waiting-for-a-turn"
        ? { kind: "offline" }
        : { kind: "refused", why: `too many ${refusal.of}` };
    case "unknown-request":
    case "malformed":
    case "version":
    case "wrong-proof":
    case "wrong-device":
    case "device-removed":
    case "already-registered":
    case "invalid-name":
    case "name-taken":
    case "name-has-key":
    case "too-many-names":
    case "you-are-banned":
    case "not-a-member":
    case "no-open-room":
    case "invalid-text":
    case "recipient-not-found":
    case "not-operator":
    case "operator-immune":
    case "target-not-found":
    case "not-banned":
    case "other-user-key":
    case "no-user-key":
    case "group-exists":
    case "place-taken":
    case "unknown-device":
    case "no-key-package":
    case "not-allowed":
    case "invalid-handshake":
    case "too-large":
      return { kind: "refused", why: reason };
  }
}
