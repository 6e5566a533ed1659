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
  /** It is about to leave: from now on it may have arrived. */
  readonly onGiven: () => void;
}

/** Who it came from and how it ended; a code where the program was stopped, or its time is over: under a name of its own, by the classic protocol. */
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
  const { to, text, destination, onGiven } = sending;
  const { stop: signal } = context;
  const { server } = destination;
  const ids = idsOf(destination);
  const entry = await enter({ ...destination.reach, server, ids, timeout: NAME_TIMEOUT, reconnect: "never", signal });
  if ("cause" in entry) {
    if (signal.aborted) return { code: EXIT.interrupted };
    const explanation = await explainEntry(entry.cause, destination, context);
    const isDevices = entry.cause.kind === "refused" && entry.cause.error.reason === "name-has-key";
    return isDevices ? { devicesName: destination.id, explanation } : explanation;
  }
  const { client } = entry;
  onGiven();
  const outcome = await say(client, to, text);
  await client.close();
  if (outcome.kind === "taken") return { from: client.id };
  return signal.aborted ? { code: EXIT.interrupted } : explainSending(outcome, to, server);
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
