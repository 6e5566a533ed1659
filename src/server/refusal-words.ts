import type { Refusal } from "../core/refusals.ts";
import { visibleLine } from "../text/visible.ts";

/** A refusal in plain English, for anyone who reads it without a client that has words of its own: the plain door, and `curl`. */
export function refusalWords(refusal: Refusal): string {
  const { reason } = refusal;
  switch (reason) {
    case "not-registered":
      return "You have no name here yet.";
    case "already-registered":
      return "You have a name here already.";
    case "invalid-name":
      return "A name is 1 to 32 of the characters A-Z a-z 0-9 . _ - and not ALL.";
    case "name-taken":
      return "That name is somebody else's, or in use.";
    case "name-has-key":
      return "That name belongs to a device that seals, so nobody can use it without its key: use pad chat with that device's folder, or another name.";
    case "too-many-names":
      return refusal.of === "local"
        ? "The users of the server's machine have all the names that they may have. There, padserve names release NAME frees one."
        : "You have as many names as one may have.";
    case "you-are-banned":
      return refusal.because === undefined
        ? "You are banned here."
        : `You are banned here: ${visibleLine(refusal.because, 200)}`;
    case "recipient-not-found":
      return "Nobody by that name is here; /who lists who is.";
    case "too-many-messages":
      return "Too many messages at once. Wait a moment; this one was not sent.";
    case "not-operator":
      return "Only operators can do that.";
    case "operator-immune":
      return "That is an operator.";
    case "target-not-found":
      return "Nobody by that name is here.";
    case "not-banned":
      return "Nobody by that name is banned.";
    case "no-open-room":
      return "This server has sealed rooms alone, which need a client with keys of its own: pad chat.";
    case "timed-out":
      return "That took too long.";
    case "server-full":
      return "There are too many connections, of you or in all. Try again later.";
    case "not-a-member":
      return "You are not known to this tailnet.";
    case "identity-unavailable":
      return "Tailscale can't be asked who you are just now. Try again in a moment.";
    case "storage-failed":
      return "The server can't store anything just now. Try again later.";
    case "invalid-request":
      return "That can't be read.";
  }
}
