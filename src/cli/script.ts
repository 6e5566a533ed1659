import type { ProcessContext } from "../args/command.ts";
import { EXIT } from "../args/exit-codes.ts";
import type { Options, Values } from "../args/options.ts";
import type { ConnectionEnd } from "../client/index.ts";
import { parseAddress, type ServerAddress } from "../client/transport/index.ts";
import { explainEnd, notAnAddress, type Explanation } from "./explain.ts";
import { explainUnreachable, reach, type Reach } from "./reach/index.ts";
import { chooseId, scriptId } from "./start/choose-id.ts";
import { chooseServer } from "./start/choose-server.ts";
import { places } from "./start/places.ts";
import { recall } from "./start/remembered.ts";
import { TIMEOUT_OPTION } from "./time-limit.ts";

/** What `send`, `listen` and `who` have in common: a server, and a name that is not in an open chat's way. */
export const SCRIPT_OPTIONS = {
  server: {
    kind: "text",
    placeholder: "SERVER",
    help: "the server's name or address (default: $PAD_SERVER, else the last one's, else this machine's)",
  },
  as: {
    kind: "text",
    placeholder: "ID",
    help: "the name to use (default: $PAD_AS, else the last chat's, else your first one there, or your login's; for ALL and with the classic protocol one like alice-nas)",
  },
  ...TIMEOUT_OPTION,
} as const satisfies Options;

/** Milliseconds that a script waits for its name to become free. */
export const NAME_TIMEOUT = 5000;

/** Characters: servers of ours take no longer names. */
const LONGEST_ID = 32;

/** Where a script goes, and the name that was said, on the command line or in the environment; null: none was. */
export interface Where {
  readonly server: ServerAddress;
  readonly name: string | null;
  /** The name of the last chat. */
  readonly remembered: string | null;
}

/** The same for the classic protocol, where a script has a name of its own. */
export interface Destination {
  readonly server: ServerAddress;
  readonly id: string;
  /** Whether the name was given on the command line: then it is that one or none. */
  readonly named: boolean;
  readonly reach: Reach;
}

/** Finds out where to, or says why that can't be known. */
export async function whichServer(
  given: Pick<Values<typeof SCRIPT_OPTIONS>, "server" | "as">,
  { env, stderr }: ProcessContext,
): Promise<Where | Explanation> {
  const { remembered, trouble } = recall(places(env));
  if (trouble !== null) stderr.write(`pad: ${trouble}\n`);
  const known = given.server === undefined ? (remembered.server ?? (await agentsServer(env))) : null;
  const choice = await chooseServer(given.server, env, known);
  if (choice.kind === "not-an-address") return { text: notAnAddress(choice.words), code: EXIT.wrongUse };
  if (choice.kind === "none") return { text: NO_SERVER, code: EXIT.unreachable };
  return { server: choice.server, name: given.as ?? (env["PAD_AS"] || null), remembered: remembered.id };
}

/** Where the agent was last, for who never had a chat here. */
async function agentsServer(env: ProcessContext["env"]): Promise<ServerAddress | null> {
  const { lastServer } = await import("../agent/face/last-server.ts");
  return parseAddress(lastServer(places(env).state) ?? "");
}

/** As whom to go there by the classic protocol, and by which way. */
export async function destination(
  { server, name, remembered }: Where,
  given: Pick<Values<typeof SCRIPT_OPTIONS>, "as">,
  context: ProcessContext,
): Promise<Destination> {
  const id = name ?? scriptId(await chooseId(undefined, remembered, context));
  return { server, id, named: given.as !== undefined, reach: await reach(server, context) };
}

/** Beside the script's own name a second one, for when `pad listen` bears the first. No more: each counts for good. */
export function idsOf({ id, named }: Destination): readonly [string, ...string[]] {
  return named ? [id] : [id, `${id.slice(0, LONGEST_ID - 2)}-2`];
}

/** Why a script could not come in. */
export async function explainEntry(
  end: ConnectionEnd,
  { id, server }: Destination,
  context: ProcessContext,
): Promise<Explanation> {
  const explained = await explainLoss(end, server, context);
  if (end.kind !== "refused" || end.error.reason !== "name-taken") return explained;
  const text = `The name ${id} is taken: somebody is using it, or it belongs to somebody else. Choose another: --as NAME.`;
  return { ...explained, text };
}

/** Why a connection is over, and what this machine's Tailscale has to do with it. */
export async function explainLoss(
  end: ConnectionEnd,
  server: ServerAddress,
  context: ProcessContext,
): Promise<Explanation> {
  const { text, code } = explainEnd(end, server);
  const more = await explainUnreachable(end, server, context);
  return { text: more === null ? text : `${text} ${more}`, code };
}

const NO_SERVER =
  "No server is known, and none listens on this machine. Name one: --server NAME, or PAD_SERVER in the environment.";
