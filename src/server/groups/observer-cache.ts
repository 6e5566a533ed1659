import { infoLog } from "../../groups/logs.ts";
import type { GroupObserver, Observers } from "../../mls/group-observer.ts";
import type { LogEntry, Range } from "../../core/ports.ts";
import type { Section } from "./heavy-work.ts";

export interface ObserverCacheOptions {
  readonly observers: Observers;
  /** Null: the store has failed, and whoever must know was told. */
  readonly read: (range: Range) => Promise<readonly LogEntry[] | null>;
  /** Most groups whose observers stay in memory: 100 kB each at 100 members. */
  readonly most: number;
}

/**
 * The observers of groups, made of their newest group infos when they are needed. Operations on one group's observer run one after
 * another; other groups go on meanwhile.
 */
export class ObserverCache {
  readonly #options: ObserverCacheOptions;
  /** The most recently used last. */
  readonly #open = new Map<string, GroupObserver>();
  readonly #lanes = new Map<string, Promise<unknown>>();

  constructor(options: ObserverCacheOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` with the group's observer. Null: the newest group info is of another epoch than the group's; `unread`: the store has failed.
   *
   * @param epoch the group's present one
   * @param section where the caller does what blocks the thread, such as making an observer
   */
  use<T>(
    group: string,
    epoch: () => number,
    section: Section,
    work: (observer: GroupObserver | null | "unread") => Promise<T>,
  ): Promise<T> {
    const before = this.#lanes.get(group) ?? Promise.resolve();
    const mine = before.then(async () => {
      const observer = await this.#observer(group, epoch(), section);
      return await work(observer);
    });
    const settled = mine.catch(() => undefined);
    this.#lanes.set(group, settled);
    void settled.then(() => {
      if (this.#lanes.get(group) === settled) this.#lanes.delete(group);
      return this.#shrink();
    });
    return mine;
  }

  /** The next use makes it again. */
  forget(group: string): void {
    this.#open.get(group)?.close();
    this.#open.delete(group);
  }

  close(): void {
    for (const group of this.#open.keys()) this.forget(group);
  }

  async #observer(group: string, epoch: number, section: Section): Promise<GroupObserver | null | "unread"> {
    const known = this.#open.get(group);
    if (known?.epoch === epoch) {
      this.#open.delete(group);
      this.#open.set(group, known);
      return known;
    }
    this.forget(group);
    const range = { log: infoLog(group), after: epoch, limit: 1, bytes: 0 };
    const read = await this.#options.read(range);
    if (read === null) return "unread";
    const [info] = read;
    if (info?.number !== epoch + 1) return null;
    const made = await section(() => {
      const observer = this.#options.observers.observe(info.body);
      // Saved once, so that it outlives a fault of the engine's instance.
      observer.save();
      return observer;
    });
    this.#open.set(group, made);
    return made;
  }

  #shrink(): void {
    for (const group of this.#open.keys()) {
      if (this.#open.size <= this.#options.most) return;
      if (!this.#lanes.has(group)) this.forget(group);
    }
  }
}
