import type { Fact } from "../../src/core/events.ts";
import type { Store } from "../../src/core/ports.ts";

/** Commits a batch of facts alone. */
export function commitFacts(store: Store, facts: readonly Fact[]): Promise<void> {
  return store.commit({ facts, appends: [], trims: [] });
}
