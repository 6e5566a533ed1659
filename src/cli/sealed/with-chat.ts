import type { ProcessContext } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import type { Values } from "../../args/options.ts";
import type { SealedChat } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import type { Explanation } from "../explain.ts";
import { explainLoss, whichServer, type SCRIPT_OPTIONS } from "../script.ts";
import { inTime } from "../time-limit.ts";
import { cannotSeal, type Attach } from "./attach.ts";
import { standingInTheWay, whenReady, whenThere } from "./standing.ts";
import { aborted, tellFoundName, tellNotices } from "./whereabouts.ts";

export interface WithChat {
  readonly values: Values<typeof SCRIPT_OPTIONS>;
  readonly context: ProcessContext;
  readonly attach: Attach;
  /** Whether what this computer has is of use while the server is away. */
  readonly offline: boolean;
  /** Whether it is of as much use then, so that a server that is away is not waited for. For `standing` "any" alone. Default false. */
  readonly atOnce?: boolean;
  /** What this device must be: one of its person's (the default), or whatever it is, also one that waits or was removed. */
  readonly standing?: "confirmed" | "any";
  /** Whether it is of use where the server takes this device no more. */
  readonly whenEnded?: boolean;
}

/**
 * Runs what a command does with the chat of this device, and leaves. What stands in the way, before or within, is told on standard
 * error with the command's name before it; a signal ends it.
 */
export async function withChat(
  name: string,
  { values, context, attach, offline, atOnce = false, standing = "confirmed", whenEnded = false }: WithChat,
  use: (chat: SealedChat, server: ServerAddress) => Promise<ExitCode | Explanation>,
): Promise<ExitCode> {
  const ended = await inTime(values.timeout, context, withinTime);
  if (context.stop.aborted) return EXIT.interrupted;
  if (typeof ended === "number") return ended;
  context.stderr.write(`pad ${name}: ${ended.text}\n`);
  return ended.code;

  async function withinTime(limited: ProcessContext): Promise<ExitCode | Explanation> {
    const { stop } = limited;
    const where = await whichServer(values, limited);
    if (!("server" in where)) return where;
    const { server } = where;
    const attached = await attach(where, limited);
    if (stop.aborted) return EXIT.interrupted;
    if (attached.kind === "failed") return attached.explanation;
    if (attached.kind === "unreached") return await explainLoss(attached.end, server, limited);
    if (attached.kind === "classic-only") return { text: `${cannotSeal(server)}.`, code: EXIT.refused };
    const { chat } = attached;
    tellFoundName(attached, { server, command: name }, limited);
    tellNotices(chat, name, limited);
    const done = await Promise.race([run(chat, server, stop), aborted(stop)]);
    await chat.close();
    return done ?? EXIT.interrupted;
  }

  async function run(on: SealedChat, server: ServerAddress, stop: AbortSignal): Promise<ExitCode | Explanation> {
    const away = await (standing === "any" ? whenThere(on, server, stop, atOnce) : whenReady(on, server, stop));
    if (stop.aborted) return EXIT.interrupted;
    if (away !== null && whenEnded && on.state.kind === "ended") return await use(on, server);
    // Of one that isn't its person's nothing is of use but what says so.
    if (away !== null && (!offline || (standing !== "any" && standingInTheWay(on.standing) !== null))) return away;
    if (away !== null) context.stderr.write(`pad ${name}: ${away.text} This is what this computer has.\n`);
    return await use(on, server);
  }
}
