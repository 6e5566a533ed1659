import type { Identity } from "../core/identity.ts";
import type { WhoIs } from "./local-api/answers.ts";
import { isUserId, NOBODYS_LOGIN } from "./state.ts";

/** What who-is says of a peer, as far as it concerns us. */
export interface TailnetPeer {
  readonly identity: Identity;
  /** Its node passes on the traffic of others, so nothing that is said of the node is true of anyone who speaks. */
  readonly routesForOthers: boolean;
  /** The node belongs to another tailnet. */
  readonly sharedIn: boolean;
  readonly online: boolean | null;
}

/**
 * Whom a who-is answer names (Tailscale LocalAPI, apitype.WhoIsResponse); null: nobody who may come in.
 * - A tagged node is a machine: its tags replace its owner, whatever profile comes along.
 * - A subnet router with source NAT looks the same for everybody behind it, so it is a machine as well, tagged or not.
 * - A node whose key tailscaled calls expired is no longer a member. `KeyExpiry` alone is not asked: tailscaled compares
 *   it with its control server's clock, we only have our own.
 */
export function tailnetPeer({ Node: node, UserProfile: profile }: WhoIs): TailnetPeer | null {
  if (node.Expired) {
    return null;
  }
  const routesForOthers = hasRoutes(node);
  const identity = node.Tags.length > 0 || routesForOthers ? machine(node) : person(profile);
  return identity === null ? null : { identity, routesForOthers, sharedIn: isSharedIn(node), online: node.Online };
}

function person({ ID: userId, LoginName: login }: WhoIs["UserProfile"]): Identity | null {
  if (login === "" || login.toLowerCase() === NOBODYS_LOGIN) return null;
  return isUserId(userId) ? { kind: "person", login, userId } : { kind: "person", login };
}

/**
 * The control server makes the first label of a name unique in our tailnet. The host name (behind `ComputedName` where a
 * node has no name) is the peer's own word, and another tailnet can choose any label: from there the whole name counts.
 */
function machine(node: WhoIs["Node"]): Identity {
  const name = node.Name.replace(/\.$/, "");
  const label = isSharedIn(node) ? name : (name.split(".")[0] ?? "");
  return { kind: "machine", node: node.StableID, label: label === "" ? node.StableID : label, tags: node.Tags };
}

const DEFAULT_ROUTES: ReadonlySet<string> = new Set(["0.0.0.0/0", "::/0"]);

/** An exit node's default routes lead to the internet, never to us. */
function hasRoutes(node: WhoIs["Node"]): boolean {
  return [...node.AllowedIPs, ...node.PrimaryRoutes].some(
    (route) => !node.Addresses.includes(route) && !DEFAULT_ROUTES.has(route),
  );
}

function isSharedIn(node: WhoIs["Node"]): boolean {
  return node.Hostinfo.ShareeNode || node.Sharer !== 0;
}
