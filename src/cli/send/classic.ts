/** `cli/send`: `pad send`: one message, sealed where it can be, else by the classic protocol. */

import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import type { ProcessContext } from "../../args/command.ts";
import type { Failure } from "../../client/index.ts";
import { formatAddress, type ServerAddress } from "../../client/transport/index.ts";
import { enter } from "../enter.ts";
import { explainFailure, type Explanation } from "../explain.ts";
import { say } from "../say.ts";
import { explainEntry, idsOf, NAME_TIMEOUT, type Destination } from "../script.ts";

export interface ClassicSending {
  /** `ALL`, or one person's name. */
  readonly to: string;
  readonly text: string;
  readonly destination: Destination;
  /** Ends it all: the program's stop, or the time that was given. */
  readonly signal: AbortSignal;
  /** What is to be said where the time that was given is over. */
  readonly tooLate: (what: string) => Explanation;
}

/** Who it came from and how it ended: under a name of its own, by the classic protocol. */
export type ClassicSent = { readonly from: string } | Explanation | { readonly code: ExitCode };

/** The name belongs to a device that seals, which alone may speak under it. */
export interface DevicesName {
  readonly devicesName: string;
  readonly explanation: Explanation;
}

/** Sends one message that the server can read, and resolves when it is proven to have been taken. */
export async function sendClassic(
  sending: ClassicSending,
  context: ProcessContext,
): Promise<ClassicSent | DevicesName> {
  const { to, text, destination, signal, tooLate } = sending;
  const { server } = destination;
  const ids = idsOf(destination);
  const entry = await enter({ ...destination.reach, server, ids, timeout: NAME_TIMEOUT, reconnect: "never", signal });
  if ("cause" in entry) {
    if (context.stop.aborted) return { code: EXIT.interrupted };
    if (entry.cause.kind === "left") return tooLate("nothing was sent.");
    const explanation = await explainEntry(entry.cause, destination, context);
    const isDevices = entry.cause.kind === "refused" && entry.cause.error.reason === "name-has-key";
    return isDevices ? { devicesName: destination.id, explanation } : explanation;
  }
  const { client } = entry;
  const outcome = await say(client, to, text);
  await client.close();
  if (outcome.kind === "taken") return { from: client.id };
  if (context.stop.aborted) return { code: EXIT.interrupted };
  const isLate = outcome.kind === "unknown" && outcome.why.kind === "left";
  return isLate ? tooLate("whether the message arrived is unknown.") : explainSending(outcome, to, server);
}

/** Why a message was not delivered, or may not have been, to who wrote it in a script. */
function explainSending(failure: Failure, to: string, server: ServerAddress): Explanation {
  const { text, code } = explainFailure(failure, server);
  if (failure.kind === "refused" && failure.error.reason === "recipient-not-found") {
    const where = formatAddress(server);
    return { text: `Not delivered: nobody called ${to} is connected to ${where} now. pad who lists who is.`, code };
  }
  if (failure.kind === "not-sent" && failure.why === "invalid-recipient") {
    return { text: `Not sent: ${JSON.stringify(to)} can't be anybody's name, which is one word.`, code };
  }
  return { text, code };
}
