import { isIP } from "node:net";
import type { ProcessContext } from "../../args/command.ts";
import type { ConnectionEnd } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { isTailscaleAddress } from "../../tailnet/addresses.ts";
import { describeState, type Description } from "../../tailnet/describe-state.ts";
import type { LocalApi } from "../../tailnet/local-api/client.ts";
import { observeStatus, nothingObserved } from "../../tailnet/observe.ts";
import type { TailscaleState } from "../../tailnet/state.ts";
import { askTailscaled } from "./tailscaled.ts";
import { isThisMachine } from "./find-machine.ts";

/**
 * What this machine's own Tailscale has to do with it that a server could not be reached, in a sentence or two; null where it
 * has nothing to do with it, or can't be told. For any end of a connection. Takes a second at most; never rejects.
 */
export async function explainUnreachable(
  end: ConnectionEnd,
  server: ServerAddress,
  context: ProcessContext,
): Promise<string | null> {
  const trouble = troubleOf(end, server);
  if (trouble === null) return null;
  const description = await askTailscaled(context, (api) => describe(trouble, api));
  return description === null ? null : [description.what, description.next].filter((part) => part !== null).join(" ");
}

type Trouble =
  /** The server, or its name, was not to be found. */
  | "no-way"
  | "no-name"
  /** A server on this machine doesn't take us for its own user. */
  | "not-local";

function troubleOf(end: ConnectionEnd, { host }: ServerAddress): Trouble | null {
  if (isThisMachine(host)) return end.kind === "refused" && end.error.reason === "not-a-member" ? "not-local" : null;
  // Elsewhere than in the tailnet, Tailscale is not on the way.
  if (isIP(host) !== 0 && !isTailscaleAddress(host)) return null;
  if (end.kind === "silent") return "no-way";
  return end.kind === "unreachable" ? (TROUBLES[end.code] ?? null) : null;
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  ENOTFOUND: "no-name",
  EAI_AGAIN: "no-name",
  EHOSTUNREACH: "no-way",
  ENETUNREACH: "no-way",
  ETIMEDOUT: "no-way",
  EADDRNOTAVAIL: "no-way",
};

async function describe(trouble: Trouble, api: LocalApi): Promise<Description | null> {
  const { state } = observeStatus(nothingObserved, await api.status(), {}, Date.now());
  if (trouble === "not-local") return notLocal(state);
  if (isInTheWay(state)) return describeState(state);
  return trouble === "no-name" && state.kind === "running" && state.tun ? names(api) : null;
}

/** A tailscaled that can't be asked may be in the best of health. */
function isInTheWay(state: TailscaleState): boolean {
  return state.kind === "unreachable" ? state.problem.kind === "refused-connection" : state.kind !== "running";
}

async function names(api: LocalApi): Promise<Description | null> {
  const prefs = await api.prefs();
  return prefs.ok && !prefs.value.CorpDNS
    ? {
        what: "This machine does not take names from the tailnet.",
        next: "Run: sudo tailscale set --accept-dns=true; or give the server's address, which tailscale status shows.",
      }
    : null;
}

function notLocal(state: TailscaleState): Description | null {
  return state.kind === "running" && !state.tun
    ? {
        what: "Tailscale is in userspace mode here, and a server can't tell who comes from its own machine.",
        next: `Use this machine's name in the tailnet: ${state.self.nodeName}`,
      }
    : null;
}
