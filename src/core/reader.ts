import type { Entry } from "./batch.ts";
import type { LogEntry, LogId, Range, Store } from "./ports.ts";
import type { Domain, Readings } from "./rules.ts";

/**
 * Reads what commands need before they can be decided. Only so many commands have their readings in memory or on the
 * way at once; the others wait in their order.
 */
export class Reader<D extends Domain> {
  readonly #store: Pick<Store, "read">;
  #places: number;
  readonly #waiting: (() => void)[] = [];

  constructor(store: Pick<Store, "read">, places: number) {
    this.#store = store;
    this.#places = places;
  }

  /** Rejects with what the store rejects. The command keeps its place until `done`. */
  async read(entry: Entry<D>, ranges: readonly Range[]): Promise<Readings> {
    entry.readings = null;
    if (!entry.isReading) {
      entry.isReading = true;
      if (this.#places === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      else this.#places--;
    }
    const read = async (range: Range): Promise<[LogId, readonly LogEntry[]]> => [
      range.log,
      await this.#store.read(range),
    ];
    return new Map(await Promise.all(ranges.map(read)));
  }

  /** The command is decided: its place goes to the next that waits. */
  done(entry: Entry<D>): void {
    entry.readings = null;
    if (!entry.isReading) return;
    entry.isReading = false;
    const next = this.#waiting.shift();
    if (next === undefined) this.#places++;
    else next();
  }
}
