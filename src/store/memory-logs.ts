import type { Append, Batch, LogEntry, LogId, Range } from "../core/ports.ts";
import { refuseUnlessName, refuseUnlessNext, refuseUnlessNumber, refuseUnlessRange } from "./logs.ts";

interface Log {
  /** The entries that are left; the first has the number behind `trimmed`. */
  readonly entries: LogEntry[];
  trimmed: number;
}

export interface MemoryLogs {
  /** All of the batch's appends and trims, or none: a `StoreError` is thrown before anything has changed. */
  commit(batch: Pick<Batch, "appends" | "trims">): void;
  read(range: Range): readonly LogEntry[];
}

/** Logs that are gone with the process. */
export function memoryLogs(): MemoryLogs {
  const logs = new Map<LogId, Log>();
  return {
    commit({ appends, trims }) {
      refuseUnlessAllNext(appends);
      for (const { log, through } of trims) {
        refuseUnlessName(log);
        refuseUnlessNumber(through);
      }
      for (const { log, number, body } of appends) {
        const known = logs.get(log) ?? { entries: [], trimmed: 0 };
        logs.set(log, known);
        known.entries.push({ number, body: new Uint8Array(body) });
      }
      for (const { log, through } of trims) {
        const known = logs.get(log);
        if (known === undefined) continue;
        const removed = known.entries.splice(0, Math.max(0, through - known.trimmed));
        known.trimmed += removed.length;
      }
    },
    read(range) {
      refuseUnlessRange(range);
      const { log, after, limit, bytes } = range;
      const { entries, trimmed } = logs.get(log) ?? { entries: [], trimmed: 0 };
      const start = Math.max(0, after - trimmed);
      const found: LogEntry[] = [];
      let taken = 0;
      for (const { number, body } of entries.slice(start, start + limit)) {
        taken += body.length;
        if (found.length > 0 && taken > bytes) break;
        found.push({ number, body: new Uint8Array(body) });
      }
      return found;
    },
  };

  function refuseUnlessAllNext(appends: readonly Append[]): void {
    const heads = new Map<LogId, number>();
    for (const append of appends) {
      refuseUnlessNext(append, heads.get(append.log) ?? headOf(append.log));
      heads.set(append.log, append.number);
    }
  }

  function headOf(log: LogId): number {
    const known = logs.get(log);
    return known === undefined ? 0 : known.trimmed + known.entries.length;
  }
}
