/** Watches a store from outside: whether it keeps what it is asked to keep, even while nobody asks. */
import type { Batch, Store } from "../core/ports.ts";
import type { Log } from "./log.ts";

export type StoreHealth =
  | { readonly kind: "ok" }
  /** The last commit was refused. `since` is milliseconds of `now`'s clock. */
  | { readonly kind: "failing"; readonly since: number; readonly cause: unknown }
  /** A commit has not come back for longer than a disk may take. */
  | { readonly kind: "stuck"; readonly since: number };

export interface StoreWatchOptions<S, F> {
  readonly store: Store<S, F>;
  /** Milliseconds between two looks at a store that nobody uses. */
  readonly every: number;
  /** Milliseconds after which a commit that has not come back counts as stuck. */
  readonly timeout: number;
  /** Bytes that may still be written where the store keeps things; null: that can't be known. Asked with each look. */
  readonly room?: () => Promise<number | null>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Told each time that `kind` changes. */
  readonly onChange: (health: StoreHealth) => void;
}

export interface StoreWatch<S, F> {
  /** The store, to be used in place of the one that is watched. */
  readonly store: Store<S, F>;
  /** As it was found by the last commit or look, and how long a commit is under way now. */
  health(): StoreHealth;
  /** Looks again, and resolves with what it finds, at the latest when `timeout` is over. */
  look(): Promise<StoreHealth>;
  stop(): void;
}

/**
 * With less room, in bytes, the store counts as failing, whatever it still takes: on a full disk small commits find a place in what the
 * database has already, and those that matter don't. A commit that has the tables take over a full journal (ST-49) can write as much as
 * 11 MiB, where each message is in a group of its own; one that fails for want of room has used up what was left.
 */
export const LEAST_ROOM = 16 * 1024 * 1024;

export function watchStore<S, F>({
  store,
  every,
  timeout,
  now,
  onChange,
  room,
}: StoreWatchOptions<S, F>): StoreWatch<S, F> {
  let found: StoreHealth = { kind: "ok" };
  /** Since when there is no room; null: there is one, as far as is known. */
  let fullSince: number | null = null;
  let told: StoreHealth["kind"] = "ok";
  /** When each commit that has not come back was asked for; the first is the oldest. */
  const underWay = new Set<{ readonly since: number }>();
  /** Settles with the commit that was asked for last. */
  let newest: Promise<void> = Promise.resolve();
  let looking: Promise<StoreHealth> | null = null;
  const interval = setInterval(() => void look(), every).unref();

  return {
    store: {
      load: () => store.load(),
      read: (range) => store.read(range),
      close: () => store.close(),
      commit(batch) {
        const committed = commit(batch);
        newest = committed.catch(() => {});
        return committed;
      },
    },
    health,
    look,
    stop: () => clearInterval(interval),
  };

  function health(): StoreHealth {
    const [oldest] = underWay;
    if (oldest !== undefined && now() - oldest.since >= timeout) return { kind: "stuck", since: oldest.since };
    if (found.kind !== "ok" || fullSince === null) return found;
    return { kind: "failing", since: fullSince, cause: new Error("no space is left on its disk") };
  }

  async function commit(batch: Batch<F>): Promise<void> {
    const asked = { since: now() };
    underWay.add(asked);
    try {
      await store.commit(batch);
      // An empty batch only shows that the files are there.
      if (found.kind !== "ok" && !isEmpty(batch)) found = { kind: "ok" };
    } catch (cause) {
      if (found.kind !== "failing") found = { kind: "failing", since: asked.since, cause };
      throw cause;
    } finally {
      underWay.delete(asked);
      tell(health());
    }
  }

  /** One look at a time, however many ask. */
  function look(): Promise<StoreHealth> {
    looking ??= lookOnce().finally(() => (looking = null));
    return looking;
  }

  async function lookOnce(): Promise<StoreHealth> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => (timer = setTimeout(resolve, timeout, "late")));
    // What is under way already shows as much as another commit behind it would.
    const kept = underWay.size === 0 ? commit(probe()).catch(() => {}) : newest;
    const answered = await Promise.race([Promise.all([kept, lookForRoom()]), late]);
    clearTimeout(timer);
    // A timer may fire a fraction of a millisecond early.
    const [oldest] = underWay;
    const current = answered === "late" && oldest ? ({ kind: "stuck", since: oldest.since } as const) : health();
    tell(current);
    return current;
  }

  async function lookForRoom(): Promise<void> {
    const left = (await room?.()) ?? null;
    if (left === null || left >= LEAST_ROOM) fullSince = null;
    else fullSince ??= now();
  }

  /** A store that has failed must write something to be trusted again: trimming a log that never existed loses nothing. */
  function probe(): Batch<F> {
    const trims = found.kind === "ok" ? [] : [{ log: "health", through: 0, lasting: false }];
    return { facts: [], appends: [], trims };
  }

  function tell(current: StoreHealth): void {
    if (current.kind === told) return;
    told = current.kind;
    onChange(current);
  }
}

function isEmpty({ facts, appends, trims }: Batch<unknown>): boolean {
  return facts.length + appends.length + trims.length === 0;
}

/** For the administrator, each time that it changes. */
export function sayHealth(log: Log, health: StoreHealth): void {
  switch (health.kind) {
    case "ok":
      log.info("the store keeps what it is asked to again", {});
      return;
    case "failing":
      log.error("the store keeps nothing: names, bans and messages to be stored are refused", {}, health.cause);
      return;
    case "stuck":
      log.error("the disk under the store doesn't answer: what must be stored waits", {});
      return;
  }
}
