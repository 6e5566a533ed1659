import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { ConnectionEnd, Failure, ServerAddress, ServerError } from "../client/index.ts";
import { formatAddress } from "../client/index.ts";
import { explainEnd as endInWords, explainFailure as failureInWords } from "../view/explain.ts";

/** One line that says what happened, why, and what to do next; and what the program exits with. */
export interface Explanation {
  readonly text: string;
  readonly code: ExitCode;
}

/** Why a connection is over, for the person who had it. */
export function explainEnd(end: ConnectionEnd, server: ServerAddress): Explanation {
  return { text: endInWords(end, formatAddress(server)), code: codeOfEnd(end) };
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
      return codeOfError(end.error);
    default:
      return EXIT.unreachable;
  }
}

function codeOfFailure(failure: Failure): ExitCode {
  switch (failure.kind) {
    case "refused":
      return codeOfError(failure.error);
    case "unknown":
      return EXIT.unreachable;
    case "not-sent":
      return failure.why === "invalid-recipient" ? EXIT.wrongUse : EXIT.unreachable;
  }
}

function codeOfError(error: ServerError): ExitCode {
  switch (error.reason) {
    case "too-many-messages":
      return EXIT.rateLimited;
    case "line-too-long":
    case "invalid-name":
      return EXIT.wrongUse;
    default:
      return EXIT.refused;
  }
}
