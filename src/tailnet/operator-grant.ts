import type { OperatorGrant } from "../core/identity.ts";
import { foldAscii } from "../core/identity.ts";
import type { WhoIs } from "./local-api/answers.ts";
import type { TailscaleState } from "./state.ts";
import type { TailnetPeer } from "./tailnet-peer.ts";

/**
 * Why the tailnet makes this peer an operator, or null. The policy's grant counts for persons and machines alike; being
 * the owner of the server's node only for a person of this tailnet. Nobody behind a subnet router is anything.
 */
export function operatorGrant(
  peer: TailnetPeer,
  capMap: WhoIs["CapMap"],
  state: TailscaleState,
  capability: string,
): OperatorGrant | null {
  if (peer.routesForOthers) {
    return null;
  }
  if (grantsOperator(capMap, capability)) {
    return "capability";
  }
  return peer.identity.kind === "person" && !peer.sharedIn && isOwner(peer.identity.login, state) ? "owner" : null;
}

/** `capMap[capability]` holds the arguments of every grant that matches; any that says `"operator": true` is enough, nothing else is. */
function grantsOperator(capMap: WhoIs["CapMap"], capability: string): boolean {
  const grants = Object.hasOwn(capMap, capability) ? capMap[capability] : null;
  return (
    Array.isArray(grants) &&
    grants.some((grant: unknown) => {
      return typeof grant === "object" && grant !== null && "operator" in grant && grant.operator === true;
    })
  );
}

function isOwner(login: string, state: TailscaleState): boolean {
  const owner = state.kind === "running" ? state.self.ownerLogin : null;
  return owner !== null && foldAscii(owner) === foldAscii(login);
}
