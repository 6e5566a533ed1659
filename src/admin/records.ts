import * as v from "valibot";
import { describeIdentity } from "../core/identity.ts";
import { foldName } from "../core/names.ts";
import { isRuleOfFirst } from "../core/operators.ts";
import { valuesOf } from "../core/persistent-map.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { compareNames } from "../core/roster.ts";
import { sessionsNamed, type State } from "../core/state.ts";

/** One name, as the administrator is told of it. `since` is RFC 3339. */
const ClaimRecordSchema = v.object({
  name: v.string(),
  identity: v.string(),
  since: v.string(),
  connected: v.boolean(),
});

/** One ban. `identity` is null when it holds on the name alone. */
const BanRecordSchema = v.object({
  name: v.string(),
  identity: v.nullable(v.string()),
  by: v.string(),
  since: v.string(),
  /** What the operator said of it. */
  reason: v.optional(v.nullable(v.string()), null),
});

/** One operator who is connected, or (`first`) whose right is kept for their coming back. */
const OperatorRecordSchema = v.object({
  name: v.string(),
  ground: v.picklist(["owner", "capability", "configured", "first"]),
  connected: v.boolean(),
});

/** What a running server says of itself to `padserve doctor`. */
export const ServerReportSchema = v.object({
  /** Where it is listening now. */
  listening: v.array(v.string()),
  /** What Tailscale is doing, as the server sees it: the kind of a `TailscaleState`. */
  tailscale: v.string(),
  sessions: v.number(),
  /** What it was configured with. */
  operators: v.array(v.string()),
  capability: v.string(),
  trustLocal: v.boolean(),
  /** Whether a tailscaled is or was ever there for its data folder. */
  tailscaleKnown: v.boolean(),
});

export const ReleaseResultSchema = v.object({ kind: v.picklist(["released", "no-such-name", "storage-failed"]) });

export const ClearResultSchema = v.object({ kind: v.picklist(["cleared", "nothing", "storage-failed"]) });

/** `file`: the copy's name in the data folder, which whoever asked takes away. */
export const CopyResultSchema = v.variant("kind", [
  v.object({ kind: v.literal("copied"), file: v.pipe(v.string(), v.regex(/^[a-z0-9.-]{1,100}$/)) }),
  v.object({ kind: v.literal("failed") }),
]);

export const OperatorRecordsSchema = v.array(OperatorRecordSchema);
export const ClaimRecordsSchema = v.array(ClaimRecordSchema);
export const BanRecordsSchema = v.array(BanRecordSchema);

export type ClaimRecord = Readonly<v.InferOutput<typeof ClaimRecordSchema>>;
export type BanRecord = Readonly<v.InferOutput<typeof BanRecordSchema>>;
export type OperatorRecord = Readonly<v.InferOutput<typeof OperatorRecordSchema>>;
export type ClearResult = Readonly<v.InferOutput<typeof ClearResultSchema>>;
export type ReleaseResult = Readonly<v.InferOutput<typeof ReleaseResultSchema>>;
export type CopyResult = Readonly<v.InferOutput<typeof CopyResultSchema>>;
export type ServerReport = ReadonlyWithin<v.InferOutput<typeof ServerReportSchema>>;

type ReadonlyWithin<T> = { readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? readonly E[] : T[K] };

export function listClaims(state: State): readonly ClaimRecord[] {
  return valuesOf(state.claims)
    .map(({ name, identity, claimedAt }) => ({
      name,
      identity: describeIdentity(identity),
      since: new Date(claimedAt).toISOString(),
      connected: sessionsNamed(state, name).length > 0,
    }))
    .toSorted(byName);
}

export function listBans(state: State): readonly BanRecord[] {
  return valuesOf(state.bans)
    .map(({ name, identity, by, bannedAt, reason }) => ({
      name,
      identity: identity === null ? null : describeIdentity(identity),
      by,
      since: new Date(bannedAt).toISOString(),
      reason: reason ?? null,
    }))
    .toSorted(byName);
}

export function listOperators(state: State): readonly OperatorRecord[] {
  const byKey = new Map<string, OperatorRecord>();
  for (const session of valuesOf(state.sessions)) {
    if (session.phase !== "registered" || session.operator === null) continue;
    const { name, operator: ground } = session;
    byKey.set(`${foldName(name)} ${ground}`, { name, ground, connected: true });
  }
  const kept = isRuleOfFirst(state) ? state.keptRight?.name : undefined;
  if (kept !== undefined && !byKey.has(`${foldName(kept)} first`)) {
    byKey.set(`${foldName(kept)} first`, { name: kept, ground: "first", connected: false });
  }
  return [...byKey.values()].toSorted(byName);
}

/** Takes back the right of whoever was first; the grounds of the tailnet and the configuration are not its business. */
export async function clearFirst(mailbox: Mailbox): Promise<ClearResult> {
  const decision = await mailbox.ask({ kind: "clear-kept-right" });
  if (decision.kind === "refused") return { kind: "storage-failed" };
  return { kind: decision.kind === "done" && decision.events.length > 0 ? "cleared" : "nothing" };
}

export async function releaseName(mailbox: Mailbox, name: string): Promise<ReleaseResult> {
  const decision = await mailbox.ask({ kind: "release-name", name });
  if (decision.kind !== "refused") return { kind: "released" };
  return { kind: decision.refusal.reason === "storage-failed" ? "storage-failed" : "no-such-name" };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareNames(foldName(a.name), foldName(b.name));
}
