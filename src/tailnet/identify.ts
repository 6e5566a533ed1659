import { networkInterfaces } from "node:os";
import type { Identity, VouchedGround } from "../core/identity.ts";
import { isLoopback, isTailscaleAddress, ownAddresses, plainAddress } from "./addresses.ts";
import type { NetworkInterfaces } from "./addresses.ts";
import type { LocalApi } from "./local-api/client.ts";
import type { Observation } from "./observe.ts";
import { tailnetPeer } from "./tailnet-peer.ts";
import { operatorGrant } from "./operator-grant.ts";

/** The other end of a connection, as its socket tells. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

export type Identified =
  | {
      readonly kind: "known";
      readonly identity: Identity;
      /** Why the tailnet makes this an operator; null: it doesn't. */
      readonly vouched: VouchedGround | null;
      /** Whether tailscaled sees the node connected to its tailnet; null when it doesn't say. */
      readonly online: boolean | null;
      /** The node belongs to another tailnet. */
      readonly sharedIn: boolean;
    }
  | { readonly kind: "refused"; readonly reason: "not-a-member" | "identity-unavailable" };

export interface IdentifierOptions {
  readonly api: Pick<LocalApi, "whoIs">;
  /** The monitor's `current`. */
  readonly observe: () => Observation;
  /** Whether a tailscaled has ever answered for this data directory, in whatever process. */
  readonly knownBefore: () => boolean;
  /**
   * Take this machine's own processes for the person who owns the node. Only for a machine with one user, and never
   * where `tailscale serve` forwards to the server: what it forwards comes from loopback too.
   */
  readonly trustLocal: boolean;
  /** The app capability whose `"operator": true` makes an operator. */
  readonly capability: string;
  readonly interfaces?: () => NetworkInterfaces;
}

export interface Identifier {
  /** Never rejects. Nothing is remembered between questions; the same question asked twice at once is one question. */
  readonly identify: (peer: Peer) => Promise<Identified>;
}

/**
 * Tells who is behind a connection, from its socket's addresses and tailscaled alone: no header, no line of a proxy.
 *
 * | the peer comes from | mode, as tailscaled said last in this process | a tailscaled exists or is known | is |
 * |---|---|---|---|
 * | loopback | TUN, whatever its state now | yes | local |
 * | loopback | userspace, whatever its state now | yes | whom who-is names |
 * | loopback | unknown | yes | whom who-is names |
 * | loopback | unknown | no | local |
 * | another address of this machine | TUN or unknown | either | local |
 * | another address of this machine | userspace | yes | whom who-is names |
 * | anywhere else | any | yes | whom who-is names |
 * | a Tailscale address | unknown | no | that address |
 * | anywhere else | unknown | no | not a member |
 *
 * "Exists or is known": its socket is there, or it has answered in this process, or ever for this data directory. From
 * then on names and bans hang on logins, and nobody may get at them by stopping tailscaled. In userspace mode tailscaled
 * itself connects to us for its peers: to loopback, and as a subnet router to any address of this machine.
 * Where who-is is needed, nobody there is `not-a-member`, no answer is `identity-unavailable`, and so is nobody there while
 * Tailscale isn't Running; our own node is local.
 */
export function createIdentifier(options: IdentifierOptions): Identifier {
  const { api, observe, knownBefore, trustLocal, capability, interfaces = networkInterfaces } = options;
  const inFlight = new Map<string, Promise<Identified>>();

  async function identify(address: string, port: number): Promise<Identified> {
    const { mode, everAnswered, socketExists } = observe();
    const tailscaleExists = everAnswered || socketExists || knownBefore();
    if (isLoopback(address)) {
      return mode === "tun" || !tailscaleExists ? local() : byWhoIs(address, port);
    }
    if (ownAddresses(interfaces()).has(address)) {
      return mode === "userspace" ? byWhoIs(address, port) : local();
    }
    if (tailscaleExists) {
      return byWhoIs(address, port);
    }
    return isTailscaleAddress(address) ? known({ kind: "address", address }) : refused("not-a-member");
  }

  async function byWhoIs(address: string, port: number): Promise<Identified> {
    const answer = await api.whoIs(address, port);
    if (!answer.ok) {
      return refused("identity-unavailable");
    }
    const whoIs = answer.value;
    // Looked at after the answer: the state may have moved on while tailscaled was thinking.
    const { state, selfId } = observe();
    if (whoIs === null) {
      // Just started, tailscaled has no map of its network yet, and knows nobody.
      return refused(state.kind === "running" ? "not-a-member" : "identity-unavailable");
    }
    if (whoIs.Node.StableID === selfId) {
      return local();
    }
    const peer = tailnetPeer(whoIs);
    if (peer === null) {
      return refused("not-a-member");
    }
    const { identity, online, sharedIn } = peer;
    return known(identity, { vouched: operatorGrant(peer, whoIs.CapMap, state, capability), online, sharedIn });
  }

  function local(): Identified {
    const { state } = observe();
    const owner = trustLocal && state.kind === "running" ? state.self.ownerLogin : null;
    return owner === null ? known({ kind: "local" }) : known({ kind: "person", login: owner }, { vouched: "owner" });
  }

  return {
    identify(peer) {
      const address = plainAddress(peer.address);
      const question = `${address} ${peer.port}`;
      const asked = inFlight.get(question) ?? identify(address, peer.port).finally(() => inFlight.delete(question));
      inFlight.set(question, asked);
      return asked;
    },
  };
}

function known(
  identity: Identity,
  {
    vouched = null,
    online = null,
    sharedIn = false,
  }: Partial<Omit<Extract<Identified, { kind: "known" }>, "kind">> = {},
): Identified {
  return { kind: "known", identity, vouched, online, sharedIn };
}

function refused(reason: "not-a-member" | "identity-unavailable"): Identified {
  return { kind: "refused", reason };
}
