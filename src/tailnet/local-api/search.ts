import type { Endpoint } from "./endpoint.ts";
import { failure } from "./outcome.ts";
import type { LocalApiProblem, Outcome } from "./outcome.ts";

/** Asks where it was answered last; elsewhere only when that is gone, or no longer ours to ask. */
export function createSearch(find: () => Promise<readonly Endpoint[]>) {
  let last: Endpoint | null = null;
  let searching: Promise<readonly Endpoint[]> | null = null;

  /** Many may ask in one moment, and a search can mean to run a program. */
  function candidates(): Promise<readonly Endpoint[]> {
    searching ??= find().finally(() => (searching = null));
    return searching;
  }

  return async <T>(question: (endpoint: Endpoint) => Promise<Outcome<T>>): Promise<Outcome<T>> => {
    if (last !== null) {
      const outcome = await question(last);
      if (outcome.ok || !mayBeElsewhere(outcome.problem)) {
        return outcome;
      }
    }
    let found: LocalApiProblem = { kind: "absent" };
    for (const endpoint of await candidates()) {
      const outcome = await question(endpoint);
      if (outcome.ok || !mayBeElsewhere(outcome.problem)) {
        last = endpoint;
        return outcome;
      }
      found = found.kind === "absent" ? outcome.problem : found;
    }
    last = null;
    return failure(found);
  };
}

function mayBeElsewhere({ kind }: LocalApiProblem): boolean {
  return kind === "absent" || kind === "refused-connection" || kind === "no-permission";
}
