import type { Fact } from "../../src/core/events.ts";
import type { Batch, Store } from "../../src/core/ports.ts";

/** Commits a batch of facts alone. */
export function commitFacts(store: Store, facts: readonly Fact[]): Promise<void> {
  return store.commit(factBatch(...facts));
}

/** A batch of facts alone. */
export function factBatch(...facts: readonly Fact[]): Batch {
  return { facts, appends: [], trims: [] };
}
