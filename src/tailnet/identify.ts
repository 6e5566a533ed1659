import type { Identity, VouchedGround } from "../core/identity.ts";
import type { NetworkInterfaces } from "./addresses.ts";
import type { LocalApi } from "./local-api/client.ts";
import type { Observation } from "./monitor.ts";

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
  readonly observe: () => Observation;
  /** Whether a tailscaled has ever answered for this data directory, in whatever process. */
  readonly knownBefore: () => boolean;
  /** Take this machine's own processes for the person who owns the node. */
  readonly trustLocal: boolean;
  /** The app capability whose `"operator": true` makes an operator. */
  readonly capability: string;
  readonly interfaces?: () => NetworkInterfaces;
}

export interface Identifier {
  /** Never rejects. Nothing is remembered between questions; the same question asked twice at once is one question. */
  identify(peer: Peer): Promise<Identified>;
}

export function createIdentifier(options: IdentifierOptions): Identifier {
  throw new Error(`not written yet: ${typeof options}`);
}
