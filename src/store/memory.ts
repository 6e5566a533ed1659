import type { Ban, Claim, Fact } from "../core/events.ts";
import { foldName } from "../core/names.ts";
import type { Store } from "../core/ports.ts";
import { StoreError } from "./errors.ts";

interface Memory {
  readonly claims: Map<string, Claim>;
  readonly bans: Map<string, Ban>;
  tailscaledSeen: boolean;
}

/** A store that is gone with the process: for tests, and for servers that are told to keep nothing. */
export function createMemoryStore(): Store {
  let memory: Memory = { claims: new Map(), bans: new Map(), tailscaledSeen: false };
  let closed = false;

  return {
    async load() {
      refuseIf(closed);
      return {
        claims: [...memory.claims.values()],
        bans: [...memory.bans.values()],
        tailscaledSeen: memory.tailscaledSeen,
      };
    },
    async commit({ facts, appends, trims }) {
      refuseIf(closed);
      if (appends.length + trims.length > 0) throw new StoreError("failed", "This store keeps no logs yet.");
      // On a copy, so that a fact that can't be applied takes the whole batch with it.
      const next: Memory = { ...memory, claims: new Map(memory.claims), bans: new Map(memory.bans) };
      for (const fact of facts) apply(next, fact);
      memory = next;
    },
    async read() {
      refuseIf(closed);
      return [];
    },
    async close() {
      closed = true;
    },
  };
}

function refuseIf(closed: boolean): void {
  if (closed) throw new StoreError("failed", "The store is closed; open it again to use it.");
}

function apply(memory: Memory, fact: Fact): void {
  switch (fact.kind) {
    case "name-claimed":
      memory.claims.set(foldName(fact.claim.name), fact.claim);
      return;
    case "name-released":
      memory.claims.delete(foldName(fact.name));
      return;
    case "ban-placed":
      memory.bans.set(foldName(fact.ban.name), fact.ban);
      return;
    case "ban-lifted":
      memory.bans.delete(foldName(fact.name));
      return;
    case "tailscaled-seen":
      memory.tailscaledSeen = true;
      return;
    default:
      throw unknownFact(fact);
  }
}

function unknownFact(fact: never): StoreError {
  return new StoreError("failed", `This store can't keep a fact of this kind: ${JSON.stringify(fact)}.`);
}
