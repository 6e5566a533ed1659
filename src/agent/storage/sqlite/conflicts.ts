/** `agent/storage/sqlite`: a device's one database, on a thread of its own. Keys are encrypted under a key that lies elsewhere. */

import { AgentStoreError } from "../errors.ts";

/** For changes that don't fit what is there: each refuses its whole commit. */
export interface Conflicts {
  /** Throws unless exactly one row was changed. `what`: what the database should have held, as in "that group". */
  one(changed: number, what: string): void;
  of(what: string): AgentStoreError;
}

export function conflictsIn(path: string): Conflicts {
  const of = (what: string) =>
    new AgentStoreError("conflict", `${path} doesn't hold ${what}. Nothing was changed; restart the agent.`);
  return {
    one(changed, what) {
      if (changed !== 1) throw of(what);
    },
    of,
  };
}
