import type { Append, Batch, LogEntry, LogId, Range } from "../core/ports.ts";
import { refuseUnlessName, refuseUnlessNext, refuseUnlessNumber, refuseUnlessRange } from "./logs.ts";

interface Log {
  /** The entries that are left, in rising order. */
  entries: readonly Entry[];
  head: number;
}

interface Entry extends LogEntry {
  readonly lasting: boolean;
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
      const touched = new Map<LogId, Entry[]>();
      for (const { log, number, lasting, body } of appends) {
        const more = touched.get(log) ?? [];
        touched.set(log, more);
        more.push({ number, lasting, body: new Uint8Array(body) });
      }
      for (const [log, more] of touched)
        logs.set(log, { entries: [...(logs.get(log)?.entries ?? []), ...more], head: more.at(-1)?.number ?? 0 });
      for (const { log, through, lasting } of trims) {
        const known = logs.get(log);
        if (known !== undefined)
          known.entries = known.entries.filter((entry) => entry.number > through || (entry.lasting && !lasting));
      }
    },
    read(range) {
      refuseUnlessRange(range);
      const { log, after, limit, bytes } = range;
      const entries = logs.get(log)?.entries.filter(({ number }) => number > after) ?? [];
      const found: LogEntry[] = [];
      let taken = 0;
      for (const { number, body } of entries.slice(0, limit)) {
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
    return logs.get(log)?.head ?? 0;
  }
}
