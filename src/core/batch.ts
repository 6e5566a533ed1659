import type { Decision } from "./decision.ts";
import type { SessionId } from "./events.ts";
import type { Append, Delivery, Trim } from "./ports.ts";
import type { Domain, Readings, Rules } from "./rules.ts";

/** Told what became of a command. */
export type Settle<D extends Domain> = (decision: Decision<D["event"], D["refusal"]>) => void;

/** A command on its way through the mailbox. */
export interface Entry<D extends Domain> {
  readonly command: D["command"];
  readonly settle: Settle<D> | null;
  /** Bytes, roughly. */
  readonly size: number;
  /** What was read for it, and how often something was. */
  readings: Readings | null;
  attempts: number;
  /** Whether it holds one of the places of the reader. */
  isReading: boolean;
}

interface Decided<D extends Domain> {
  readonly session: SessionId;
  readonly entry: Entry<D>;
  readonly decision: Decision<D["event"], D["refusal"]>;
}

/** What was decided but must be stored before it holds. `state` is what will be true then. */
export interface Batch<D extends Domain> {
  state: D["state"];
  readonly entries: Decided<D>[];
  readonly facts: D["fact"][];
  readonly appends: Append[];
  readonly trims: Trim[];
  readonly deliveries: Delivery<D["notice"]>[];
  /** Sessions with a command in here: what they say next must wait for it. */
  readonly sessions: Set<SessionId>;
}

export function emptyBatch<D extends Domain>(state: D["state"]): Batch<D> {
  return { state, entries: [], facts: [], appends: [], trims: [], deliveries: [], sessions: new Set() };
}

/** Whether a decision leaves something in the store. */
export function isStored<D extends Domain>(rules: Rules<D>, decision: Decision<D["event"], D["refusal"]>): boolean {
  return decision.kind === "done" && decision.events.some((event) => rules.storedBy(event) !== null);
}

/** Returns the work that it was, see `applyDecision`. */
export function addToBatch<D extends Domain>(rules: Rules<D>, batch: Batch<D>, decided: Decided<D>): number {
  const { session, entry, decision } = decided;
  batch.entries.push(decided);
  batch.sessions.add(session);
  for (const event of decision.kind === "done" ? decision.events : []) {
    const stored = rules.storedBy(event);
    if (stored?.kind === "fact") batch.facts.push(stored.fact);
    else if (stored?.kind === "append") batch.appends.push(stored.append);
    else if (stored?.kind === "trim") batch.trims.push(stored.trim);
  }
  const { state, work } = applyDecision(rules, batch.state, { session, entry, decision }, batch.deliveries);
  batch.state = state;
  return work;
}

/**
 * Applies a decision's events one by one, adding to `deliveries` who hears of each. The work is one for the command and
 * one for each session that hears of it, times its length in KiB.
 */
export function applyDecision<D extends Domain>(
  rules: Rules<D>,
  state: D["state"],
  { session, entry, decision }: Decided<D>,
  deliveries: Delivery<D["notice"]>[],
): { readonly state: D["state"]; readonly work: number } {
  let after = state;
  let hearers = 0;
  if (decision.kind === "refused" && session !== 0) {
    deliveries.push({ to: [session], except: null, notice: rules.refusedNotice(entry.command, decision.refusal) });
  } else if (decision.kind === "done") {
    for (const event of decision.events) {
      for (const delivery of rules.deliveriesOf(after, event)) {
        deliveries.push(delivery);
        hearers += delivery.to.length;
      }
      after = rules.apply(after, event);
    }
  }
  return { state: after, work: 1 + hearers * (1 + Math.floor(entry.size / 1024)) };
}
