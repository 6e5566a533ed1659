import type { Log } from "./log.ts";

type Fields = Parameters<Log["info"]>[1];

/** Writes down what others can cause as often as they like: the first at once, then one line now and then, with how many there were. */
export interface SparseLog {
  note(fields?: Fields): void;
  /** Writes what was not written yet. */
  stop(): void;
}

/** @param every milliseconds between two lines. */
export function createSparseLog(write: (fields: NonNullable<Fields>) => void, every: number): SparseLog {
  let last: Fields = {};
  let unwritten = 0;
  let timer: NodeJS.Timeout | null = null;

  return {
    note: (fields = {}) => {
      if (timer === null) {
        write(fields);
        wait();
        return;
      }
      unwritten += 1;
      last = fields;
    },
    stop: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      writeRest();
    },
  };

  function wait(): void {
    timer = setTimeout(() => {
      timer = null;
      if (writeRest()) wait();
    }, every);
    timer.unref();
  }

  function writeRest(): boolean {
    if (unwritten === 0) return false;
    write({ ...last, more: unwritten });
    unwritten = 0;
    last = {};
    return true;
  }
}
