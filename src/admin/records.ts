import { describeIdentity } from "../core/identity.ts";
import { foldName } from "../core/names.ts";
import { get, valuesOf } from "../core/persistent-map.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { compareNames, type State } from "../core/state.ts";

/** One name, as the administrator is told of it. `since` is RFC 3339. */
export interface ClaimRecord {
  readonly name: string;
  readonly identity: string;
  readonly since: string;
  readonly connected: boolean;
}

/** One ban. `identity` is null when it holds on the name alone. */
export interface BanRecord {
  readonly name: string;
  readonly identity: string | null;
  readonly by: string;
  readonly since: string;
}

/** What a running server says of itself to `padserve doctor`. */
export interface ServerReport {
  /** Where it is listening now. */
  readonly listening: readonly string[];
  /** What Tailscale is doing, as the server sees it: the kind of a `TailscaleState`. */
  readonly tailscale: string;
  readonly sessions: number;
  /** What it was configured with. */
  readonly operators: readonly string[];
  readonly capability: string;
  readonly trustLocal: boolean;
  /** Whether a tailscaled is or was ever there for its data folder. */
  readonly tailscaleKnown: boolean;
}

export type ReleaseResult = { readonly kind: "released" | "no-such-name" | "storage-failed" };

export function listClaims(state: State): readonly ClaimRecord[] {
  return valuesOf(state.claims)
    .map(({ name, identity, claimedAt }) => ({
      name,
      identity: describeIdentity(identity),
      since: new Date(claimedAt).toISOString(),
      connected: get(state.present, foldName(name)) !== undefined,
    }))
    .toSorted(byName);
}

export function listBans(state: State): readonly BanRecord[] {
  return valuesOf(state.bans)
    .map(({ name, identity, by, bannedAt }) => ({
      name,
      identity: identity === null ? null : describeIdentity(identity),
      by,
      since: new Date(bannedAt).toISOString(),
    }))
    .toSorted(byName);
}

export async function releaseName(mailbox: Mailbox, name: string): Promise<ReleaseResult> {
  const decision = await mailbox.ask({ kind: "release-name", name });
  if (decision.kind !== "refused") return { kind: "released" };
  return { kind: decision.refusal.reason === "storage-failed" ? "storage-failed" : "no-such-name" };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareNames(foldName(a.name), foldName(b.name));
}
