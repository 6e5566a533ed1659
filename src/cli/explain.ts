import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { ConnectionEnd, Failure, ServerAddress, ServerError } from "../client/index.ts";
import { formatAddress } from "../client/index.ts";
import { visible } from "../view/text/visible.ts";

/** One line that says what happened, why, and what to do next. */
export interface Explanation {
  readonly text: string;
  readonly code: ExitCode;
}

/** Why a connection is over, for the person who had it. */
export function explainEnd(end: ConnectionEnd, server: ServerAddress): Explanation {
  const where = formatAddress(server);
  switch (end.kind) {
    case "left":
      return { text: "Goodbye.", code: EXIT.done };
    case "kicked":
      return { text: "An operator has kicked you. You may come again.", code: EXIT.refused };
    case "banned":
      return { text: "An operator has banned you. Ask one to lift it.", code: EXIT.refused };
    case "refused":
      return explainError(end.error);
    case "unreachable":
      return { text: unreachable(end.code, where), code: EXIT.unreachable };
    case "closed":
      return { text: `${where} has closed the connection.`, code: EXIT.unreachable };
    case "broken":
      return { text: `The connection to ${where} broke (${end.code}).`, code: EXIT.unreachable };
    case "silent":
      return { text: `${where} does not answer any more.`, code: EXIT.unreachable };
    case "not-padserve":
      return {
        text: `What answers at ${where} is no Padserve server. Check the address and port.`,
        code: EXIT.unreachable,
      };
    case "overlong-line":
      return {
        text: `${where} sent a line longer than any message; the connection was closed.`,
        code: EXIT.unreachable,
      };
    case "forgotten":
      return { text: `${where} has forgotten that you are registered.`, code: EXIT.unreachable };
  }
}

/** Why something asked of the server came to nothing. */
export function explainFailure(failure: Failure, server: ServerAddress): Explanation {
  switch (failure.kind) {
    case "refused":
      return explainError(failure.error);
    case "unknown": {
      const { text } = explainEnd(failure.why, server);
      return { text: `${text} Whether the message arrived is unknown; it was not sent again.`, code: EXIT.unreachable };
    }
    case "not-sent":
      return failure.why === "invalid-recipient"
        ? { text: "Not sent: that is not a name.", code: EXIT.wrongUse }
        : { text: "Not sent: there is no connection to the server now.", code: EXIT.unreachable };
  }
}

/** What to say of words that should have been a server's address. */
export function notAnAddress(words: string): string {
  return `${JSON.stringify(words)} is no address: give a name, an IPv4 or [IPv6] address, with :port if it isn't 12345`;
}

function explainError(error: ServerError): Explanation {
  return { text: sentence(error), code: error.reason === "too-many-messages" ? EXIT.rateLimited : EXIT.refused };
}

function sentence(error: ServerError): string {
  switch (error.reason) {
    case "name-taken":
      return "That name is taken, or belongs to somebody else. Choose another.";
    case "too-many-names":
      return "You have as many names as one may have. Use one of them.";
    case "invalid-name":
      return "A name is 1 to 32 of A-Z a-z 0-9 . _ - and not ALL.";
    case "you-are-banned":
      return "You are banned from this server. Ask an operator to lift it.";
    case "recipient-not-found":
      return "Nobody of that name is here. LIST tells who is.";
    case "too-many-messages":
      return "Too many messages at once: this one was not delivered. Wait a moment.";
    case "not-operator":
      return "That is for operators.";
    case "operator-immune":
      return `An operator can't be ${error.action === "kick" ? "kicked" : "banned"}.`;
    case "target-not-found":
      return `${visible(error.target)} is not here.`;
    case "not-banned":
      return `${visible(error.target)} is not banned.`;
    case "server-full":
      return "The server is full, or you have too many connections to it.";
    case "not-a-member":
      return "The server's tailnet doesn't know this machine. Is Tailscale up here, in the same tailnet?";
    case "identity-unavailable":
      return "The server can't ask its Tailscale who you are. Try again later, or tell its administrator.";
    case "storage-failed":
      return "The server could not store it, so nothing happened. Tell its administrator.";
    case "line-too-long":
      return "That is too long for one message.";
    case "unknown-command":
      return "The server doesn't know that command.";
    case "other":
      return `The server says: ${visible(error.text)}`;
    default:
      return `The server refused it (${error.reason}).`;
  }
}

function unreachable(code: string, where: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return `Nobody listens at ${where}. Is the server running? (padserve serve)`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `There is no machine called ${where}. Check the name, and that Tailscale is up here with MagicDNS.`;
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `${where} can't be reached. Is Tailscale up, here and there? (tailscale status)`;
    default:
      return `${where} can't be reached (${code}).`;
  }
}
