import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { AgentEnd, ConnectionEnd, Failure, Refusal } from "../client/index.ts";
import type { ServerAddress } from "../client/transport/index.ts";
import { formatAddress } from "../client/transport/index.ts";
import { explainEnd as endInWords, explainFailure as failureInWords } from "../view/explain.ts";

/** One line that says what happened, why, and what to do next; and what the program exits with. */
export interface Explanation {
  readonly text: string;
  readonly code: ExitCode;
}

/** Why a connection is over, for the person who had it. */
export function explainEnd(end: ConnectionEnd, server: ServerAddress, me?: string): Explanation {
  return { text: endInWords(end, formatAddress(server), me), code: codeOfEnd(end) };
}

/** Why something asked of the server came to nothing. */
export function explainFailure(failure: Failure, server: ServerAddress): Explanation {
  return { text: failureInWords(failure, formatAddress(server)), code: codeOfFailure(failure) };
}

/** What to say of words that should have been a server's address. */
export function notAnAddress(words: string): string {
  return `${JSON.stringify(words)} is no address: give a name, an IPv4 or [IPv6] address, with :port if it isn't 12345`;
}

function codeOfEnd(end: ConnectionEnd): ExitCode {
  switch (end.kind) {
    case "left":
      return EXIT.done;
    case "kicked":
    case "banned":
      return EXIT.refused;
    case "refused":
      return codeOfRefusal(end.error);
    case "unreachable":
    case "closed":
    case "broken":
    case "silent":
    case "not-padserve":
    case "oversized":
    case "forgotten":
      return EXIT.unreachable;
    case "agent":
      return AGENT[end.why];
  }
}

const AGENT = {
  stopped: EXIT.unreachable,
  died: EXIT.unreachable,
  silent: EXIT.unreachable,
  unusable: EXIT.unexpected,
  "another-server": EXIT.keyChanged,
} as const satisfies Record<AgentEnd, ExitCode>;

function codeOfFailure(failure: Failure): ExitCode {
  switch (failure.kind) {
    case "refused":
      return codeOfRefusal(failure.error);
    case "unknown":
      return EXIT.unreachable;
    case "held":
      return HELD[failure.hold.kind];
    case "not-sent":
      return NOT_SENT[failure.why];
  }
}

const HELD = {
  "new-readers": EXIT.readersChanged,
  "removal-pending": EXIT.readersChanged,
  "removed-device": EXIT.keyChanged,
  "changed-key": EXIT.keyChanged,
  "remapped-name": EXIT.keyChanged,
} as const;

const NOT_SENT = {
  offline: EXIT.unreachable,
  ended: EXIT.unreachable,
  "invalid-recipient": EXIT.wrongUse,
  "too-long": EXIT.wrongUse,
  busy: EXIT.rateLimited,
  "sealed-only": EXIT.refused,
} as const;

function codeOfRefusal(refusal: Refusal): ExitCode {
  switch (refusal.reason) {
    case "other-number":
      return EXIT.keyChanged;
    case "device-not-confirmed":
      return EXIT.unconfirmed;
    case "too-many-messages":
      return EXIT.rateLimited;
    case "too-long":
    case "invalid-name":
      return EXIT.wrongUse;
    case "own-disk-failed":
      return EXIT.dataUnusable;
    case "name-taken":
    case "name-has-key":
    case "too-many-names":
    case "you-are-banned":
    case "recipient-not-found":
    case "not-operator":
    case "operator-immune":
    case "target-not-found":
    case "not-banned":
    case "timed-out":
    case "server-full":
    case "not-a-member":
    case "identity-unavailable":
    case "storage-failed":
    case "too-slow":
    case "no-open-room":
    case "rolled-back":
    case "replaced":
    case "device-removed":
    case "no-such-device":
    case "device-confirmed":
    case "wrong-passphrase":
    case "room-name-taken":
    case "room-name-reserved":
    case "no-such-room":
    case "no-such-message":
    case "no-device":
    case "not-met":
    case "own-user-only":
    case "not-allowed":
    case "not-in-conversation":
    case "conversation-ended":
    case "device-returning":
    case "unsupported":
    case "not-understood":
    case "other":
    case "own-device":
      return EXIT.refused;
  }
}
