import type { Ban, Claim, KeptRight } from "../core/events.ts";
import { foldName } from "../core/names.ts";
import type { Row } from "../groups/rows.ts";
import { StoreError } from "./errors.ts";
import { memoryLogs } from "./memory-logs.ts";
import { isRow, isRowOfOurs, rowKey, type FullStore, type StoredFact } from "./stored.ts";

interface Memory {
  readonly claims: Map<string, Claim>;
  readonly bans: Map<string, Ban>;
  readonly rows: Map<string, Row>;
  tailscaledSeen: boolean;
  keptRight: KeptRight | null;
}

/** A store that is gone with the process: for tests, and for servers that are told to keep nothing. */
export function createMemoryStore(): FullStore {
  let memory: Memory = { claims: new Map(), bans: new Map(), rows: new Map(), tailscaledSeen: false, keptRight: null };
  const logs = memoryLogs();
  let closed = false;

  return {
    async load() {
      refuseIf(closed);
      return {
        claims: [...memory.claims.values()],
        bans: [...memory.bans.values()],
        rows: [...memory.rows.values()],
        tailscaledSeen: memory.tailscaledSeen,
        keptRight: memory.keptRight,
      };
    },
    async commit(batch) {
      refuseIf(closed);
      // On a copy, so that a fact that can't be applied takes the whole batch with it.
      const next: Memory = {
        ...memory,
        claims: new Map(memory.claims),
        bans: new Map(memory.bans),
        rows: new Map(memory.rows),
      };
      for (const fact of batch.facts) apply(next, fact);
      logs.commit(batch);
      memory = next;
    },
    async read(range) {
      refuseIf(closed);
      return logs.read(range);
    },
    async close() {
      closed = true;
    },
  };
}

function refuseIf(closed: boolean): void {
  if (closed) throw new StoreError("failed", "The store is closed; open it again to use it.");
}

function apply(memory: Memory, fact: StoredFact): void {
  if (isRow(fact)) {
    if (fact.value === null) memory.rows.delete(rowKey(fact));
    else if (isRowOfOurs(fact)) memory.rows.set(rowKey(fact), structuredClone(fact));
    else throw new StoreError("failed", `This store can't keep a row of this table: ${JSON.stringify(fact)}.`);
    return;
  }
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
    case "right-kept":
      memory.keptRight = fact.right;
      return;
    case "kept-right-given-up":
      memory.keptRight = null;
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
