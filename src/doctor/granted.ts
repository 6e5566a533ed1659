import { describeIdentity } from "../core/identity.ts";
import type { LocalApi } from "../tailnet/local-api/client.ts";
import type { TailscaleState } from "../tailnet/state.ts";
import { tailnetPeer } from "../tailnet/tailnet-peer.ts";
import { operatorGrant } from "../tailnet/operator-grant.ts";

/** Who is operator because the tailnet's policy says so, as far as it was asked. */
export interface Granted {
  readonly who: readonly string[];
  /** Whether every node of the tailnet was asked about. */
  readonly complete: boolean;
}

/** Nodes that we ask about: a policy names groups and tags, only who-is tells who is meant. */
const MOST_ASKED = 500;

/**
 * Asks who-is about every node that tailscaled knows, with the server's own rule for the answer. The policy itself can't be
 * read from a node. Null where that can't be asked. Never rejects.
 */
export async function granted(
  api: Pick<LocalApi, "netMap" | "whoIs">,
  state: TailscaleState,
  capability: string,
): Promise<Granted | null> {
  const netMap = state.kind === "running" ? await api.netMap() : null;
  if (netMap === null || !netMap.ok) return null;
  const { addresses } = netMap.value;
  const asked = addresses.slice(0, MOST_ASKED);
  const names = await Promise.all(asked.map((address) => operatorAt(address)));
  return {
    who: [...new Set(names.filter((name) => typeof name === "string"))].toSorted(),
    complete: asked.length === addresses.length && !names.includes(undefined),
  };

  /** Null: no operator by the policy; undefined: it couldn't be asked. */
  async function operatorAt(address: string): Promise<string | null | undefined> {
    // The port doesn't matter: a node's own address names it.
    const answer = await api.whoIs(address, 1);
    if (!answer.ok) return undefined;
    const peer = answer.value === null ? null : tailnetPeer(answer.value);
    if (answer.value === null || peer === null) return null;
    const ground = operatorGrant(peer, answer.value.CapMap, state, capability);
    return ground === "capability" ? describeIdentity(peer.identity) : null;
  }
}
