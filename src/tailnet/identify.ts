import type { Identity, OperatorGrant } from "../core/identity.ts";
import { createInterfaceReader, isLoopback, isTailscaleAddress, ownAddresses, plainAddress } from "./addresses.ts";
import type { NetworkInterfaces } from "./addresses.ts";
import type { LocalApi } from "./local-api/client.ts";
import type { Observation } from "./observe.ts";
import type { SelfNode } from "./state.ts";
import { tailnetPeer } from "./tailnet-peer.ts";
import { operatorGrant } from "./operator-grant.ts";

/** The other end of a connection, as its socket has it. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

export type Identified =
  | {
      readonly kind: "known";
      readonly identity: Identity;
      /** Why the tailnet makes this an operator; null: it doesn't. */
      readonly grant: OperatorGrant | null;
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
  /** Never rejects. Nothing is remembered between questions; questions about one node at once are one question. */
  readonly identify: (peer: Peer) => Promise<Identified>;
  /**
   * Puts those together whom one answer tells of, in the order in which they come: all that come from one node's own address.
   * Whoever comes from an address of this machine is alone, since there each connection may be another node's.
   */
  readonly byNode: <K>(peers: Iterable<readonly [K, Peer]>) => readonly (readonly K[])[];
}

/**
 * Tells who is behind a connection, from its socket's addresses and tailscaled alone: no header, no line of a proxy.
 *
 * | the peer comes from | mode, as tailscaled said last in this process | a tailscaled exists or is known | is |
 * |---|---|---|---|
 * | an address of this machine, loopback among them | TUN, whatever its state now | yes | local |
 * | an address of this machine | userspace, whatever its state now | yes | whom who-is names |
 * | an address of this machine | unknown | yes | whom who-is names |
 * | an address of this machine | unknown | no | local |
 * | anywhere else | any | yes | whom who-is names |
 * | a Tailscale address | unknown | no | that address |
 * | anywhere else | unknown | no | not a member |
 *
 * "Exists or is known": its socket is there, or it has answered in this process, or ever for this data directory. From
 * then on names and bans hang on logins, and nobody may get at them by stopping tailscaled. In userspace mode tailscaled
 * itself connects to us for its peers: to loopback, and as a subnet router to any address of this machine. So while its mode is
 * not known, every address of this machine may be a peer's.
 *
 * A machine is its node's stable id: a rename or another tag makes no other machine of it. A person is the login, with Tailscale's
 * number of the user beside it.
 *
 * Who-is is asked for each connection from this machine's own addresses by itself: a port there is soon another node's, which
 * must not inherit the answer. From a node's own address the port says nothing, and one question at a time is enough.
 *
 * Where who-is is needed, nobody there is `not-a-member`, no answer is `identity-unavailable`, and so is nobody there while
 * Tailscale isn't Running; our own node is local.
 */
export function createIdentifier(options: IdentifierOptions): Identifier {
  const { api, observe, knownBefore, trustLocal, capability } = options;
  const interfaces = createInterfaceReader(options.interfaces);
  const inFlight = new Map<string, Promise<Identified>>();

  function identify({ address, port }: Peer): Promise<Identified> {
    const isOwn = isLoopback(address) || ownAddresses(interfaces()).has(address);
    return isOwn ? fromThisMachine(address, port) : fromElsewhere(address, port);
  }

  async function fromThisMachine(address: string, port: number): Promise<Identified> {
    return observe().mode === "tun" || !tailscaleExists() ? local() : byWhoIs(address, port);
  }

  function fromElsewhere(address: string, port: number): Promise<Identified> {
    if (tailscaleExists()) {
      const asked = inFlight.get(address) ?? byWhoIs(address, port).finally(() => inFlight.delete(address));
      inFlight.set(address, asked);
      return asked;
    }
    return Promise.resolve(isTailscaleAddress(address) ? known({ kind: "address", address }) : refused("not-a-member"));
  }

  function tailscaleExists(): boolean {
    const { everAnswered, socketExists } = observe();
    return everAnswered || socketExists || knownBefore();
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
    return known(identity, { grant: operatorGrant(peer, whoIs.CapMap, state, capability), online, sharedIn });
  }

  function local(): Identified {
    const { state } = observe();
    const owner = trustLocal && state.kind === "running" ? ownerOf(state.self) : null;
    return owner === null ? known({ kind: "local" }) : known(owner, { grant: "owner" });
  }

  return {
    identify: (peer) => identify({ ...peer, address: plainAddress(peer.address) }),
    byNode: (peers) => groupedByNode(peers, ownAddresses(interfaces())),
  };
}

function groupedByNode<K>(peers: Iterable<readonly [K, Peer]>, own: ReadonlySet<string>): readonly (readonly K[])[] {
  const groups: K[][] = [];
  const nodes = new Map<string, K[]>();
  for (const [key, peer] of peers) {
    const address = plainAddress(peer.address);
    const isOwn = isLoopback(address) || own.has(address);
    const group = isOwn ? undefined : nodes.get(address);
    if (group !== undefined) {
      group.push(key);
      continue;
    }
    const begun = [key];
    groups.push(begun);
    if (!isOwn) nodes.set(address, begun);
  }
  return groups;
}

function ownerOf({ ownerLogin: login, ownerId: userId }: SelfNode): Identity | null {
  if (login === null) return null;
  return userId === undefined ? { kind: "person", login } : { kind: "person", login, userId };
}

function known(
  identity: Identity,
  { grant = null, online = null, sharedIn = false }: Partial<Omit<Extract<Identified, { kind: "known" }>, "kind">> = {},
): Identified {
  return { kind: "known", identity, grant, online, sharedIn };
}

function refused(reason: "not-a-member" | "identity-unavailable"): Identified {
  return { kind: "refused", reason };
}
