import type { Decision } from "./decision.ts";
import type { SessionId } from "./events.ts";
import type { Append, Delivery, Trim } from "./ports.ts";
import type { Domain, Readings, Rules } from "./rules.ts";

/** Told what became of a command. */
export type Settle<D extends Domain> = (decision: Decision<D["event"], D["refusal"]>) => void;

/** A command on its way through the mailbox. */
export interface Entry<D extends Domain> {
  /** 0: the server itself. */
  readonly session: SessionId;
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

/** Returns the work that it was, see `workOf`. */
export function addToBatch<D extends Domain>(
  rules: Rules<D>,
  batch: Batch<D>,
  entry: Entry<D>,
  decision: Decision<D["event"], D["refusal"]>,
): number {
  batch.entries.push({ entry, decision });
  batch.sessions.add(entry.session);
  for (const event of decision.kind === "done" ? decision.events : []) {
    const stored = rules.storedBy(event);
    if (stored?.kind === "fact") batch.facts.push(stored.fact);
    else if (stored?.kind === "append") batch.appends.push(stored.append);
    else if (stored?.kind === "trim") batch.trims.push(stored.trim);
  }
  const from = batch.deliveries.length;
  batch.state = applyDecision(rules, batch.state, entry, decision, batch.deliveries);
  return workOf(entry, batch.deliveries, from);
}

/** Applies a decision's events one by one, adding to `deliveries` who hears of each. Returns the state after them. */
export function applyDecision<D extends Domain>(
  rules: Rules<D>,
  state: D["state"],
  entry: Entry<D>,
  decision: Decision<D["event"], D["refusal"]>,
  deliveries: Delivery<D["notice"]>[],
): D["state"] {
  let after = state;
  if (decision.kind === "refused" && entry.session !== 0) {
    const notice = rules.refusedNotice(entry.command, decision.refusal);
    deliveries.push({ to: [entry.session], except: null, notice });
  } else if (decision.kind === "done") {
    for (const event of decision.events) {
      for (const delivery of rules.deliveriesOf(after, event)) deliveries.push(delivery);
      after = rules.apply(after, event);
    }
  }
  return after;
}

/** The work that a command was: one, and one for each session that hears of it, times its length in KiB. @param from where its own deliveries begin. */
export function workOf<D extends Domain>(
  entry: Entry<D>,
  deliveries: readonly Delivery<D["notice"]>[],
  from: number,
): number {
  let hearers = 0;
  for (let i = from; i < deliveries.length; i++) hearers += deliveries[i]?.to.length ?? 0;
  return 1 + hearers * (1 + Math.floor(entry.size / 1024));
}
