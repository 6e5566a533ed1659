import {
  addToBatch,
  applyDecision,
  emptyBatch,
  isStored,
  workOf,
  type Batch,
  type Entry,
  type Settle,
} from "./batch.ts";
import type { CoreDomain } from "./core-rules.ts";
import { refused, type Decision } from "./decision.ts";
import type { SessionId } from "./events.ts";
import { Lanes, type Lane } from "./lanes.ts";
import type { Clock, Delivery, NextTurn, Outbox, Range, Store, WriteBehind } from "./ports.ts";
import { Reader } from "./reader.ts";
import type { Domain, Readings, Rules } from "./rules.ts";

export interface MailboxPorts<D extends Domain = CoreDomain> {
  readonly store: Pick<Store<unknown, D["fact"]>, "commit" | "read">;
  readonly outbox: Outbox<D["notice"]>;
  readonly clock: Clock;
  readonly nextTurn: NextTurn;
  readonly writeBehind: WriteBehind;
  /** Told of the cause when something could not be stored or read; the peers only hear that it failed. */
  readonly onStoreFailure: (cause: unknown) => void;
}

export interface MailboxLimits {
  /** Work of one turn: each command counts, and each session that hears of it, as often as it is long in KiB. */
  readonly turnWork: number;
  /** Commands whose readings are in memory or on their way. */
  readonly reads: number;
}

/** A turn's work takes less than a tenth of a second; with less of it, long messages to a thousand readers leave in many small writes. */
export const DEFAULT_LIMITS: MailboxLimits = {
  turnWork: 131_072,
  reads: 32,
};

/** What a commit that is under way holds, for anyone who must stop without it. */
export interface UnderWay<F> {
  readonly facts: readonly F[];
  readonly appends: number;
  /** Commands that have no outcome yet, those of the commit among them. */
  readonly commands: number;
}

/**
 * Runs a set of rules, one turn at a time. The commands of one turn of the event loop are decided one after another, the
 * sessions taking turns; those that lead to something to store, and all that stand on these, form one batch, which is
 * committed in one transaction before anybody hears of it. While a commit is on its way the next batch gathers. What is
 * live or lazy never waits for a commit, unless its own session is waiting for one. What `decide` asks to have read
 * first delays that session alone. The work of one turn is limited; the next one goes on.
 */
export class Mailbox<D extends Domain = CoreDomain> {
  readonly #rules: Rules<D>;
  readonly #ports: MailboxPorts<D>;
  readonly #limits: MailboxLimits;
  readonly #lanes: Lanes<Entry<D>>;
  readonly #reader: Reader<D>;
  #state: D["state"];
  #turnIsDue = false;
  /** Commands without an outcome yet. */
  #unsettled = 0;
  /** What this turn gathers, and what is being stored: never both, but for the moment in which one becomes the other. */
  #gathering: Batch<D> | null = null;
  #committing: Batch<D> | null = null;
  /** Lanes whose next command must read what is being stored. */
  #afterCommit: Lane<Entry<D>>[] = [];
  /** Lazy facts that no commit has taken along yet, by their keys. */
  #lazy = new Map<string, D["fact"]>();
  #lazyIsDue = false;
  /** Waiting for the mailbox to be idle doesn't wait for a failing disk. */
  #lazyFailed = false;
  #whenIdle: (() => void)[] = [];

  constructor(rules: Rules<D>, state: D["state"], ports: MailboxPorts<D>, limits: MailboxLimits = DEFAULT_LIMITS) {
    this.#rules = rules;
    this.#state = state;
    this.#ports = ports;
    this.#limits = limits;
    this.#lanes = new Lanes((session, entry) => this.#isFree(session, entry));
    this.#reader = new Reader(ports.store, limits.reads);
  }

  /** What is true and, where it must be, stored. */
  get state(): D["state"] {
    return this.#state;
  }

  /** Null: no commit is under way. */
  get underWay(): UnderWay<D["fact"]> | null {
    const batch = this.#committing;
    return batch && { facts: batch.facts, appends: batch.appends.length, commands: this.#unsettled };
  }

  /**
   * `settle` is told what became of the command, exactly once, before anybody hears of it. How much may be under way is
   * the caller's to count: what waits here is as much as was posted and not settled.
   */
  post(command: D["command"], settle: Settle<D> | null = null): void {
    const session = this.#rules.sessionOf(command) ?? 0;
    const size = this.#rules.sizeOf(command);
    this.#unsettled++;
    this.#lanes.add(session, { session, command, settle, size, readings: null, attempts: 0, isReading: false });
    this.#scheduleTurn();
  }

  /** Posts a command and resolves with what became of it, after the commit. Never rejects. */
  ask(command: D["command"]): Promise<Decision<D["event"], D["refusal"]>> {
    return new Promise((settle) => {
      this.post(command, settle);
    });
  }

  /** Resolves when nothing waits and all is stored, what is written behind too. Never, if a commit never ends. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#scheduleTurn();
    });
  }

  #scheduleTurn(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    this.#ports.nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#turnIsDue = false;
    const released: Delivery<D["notice"]>[] = [];
    const at = this.#ports.clock.wall();
    for (let work = 0; work < this.#limits.turnWork;) {
      const lane = this.#lanes.next(this.#committing === null);
      if (lane === null) break;
      work += this.#step(lane, at, released);
    }
    if (released.length > 0) this.#ports.outbox.deliver(released);
    const batch = this.#gathering ?? (this.#lazyShouldGo() ? emptyBatch<D>(this.#state) : null);
    this.#gathering = null;
    if (batch !== null) void this.#commit(batch);
    if (this.#lanes.hasNext(this.#committing === null)) this.#scheduleTurn();
    this.#reportIdle();
  }

  /** Decides a lane's next command; returns the work that it was. */
  #step(lane: Lane<Entry<D>>, at: number, released: Delivery<D["notice"]>[]): number {
    const entry = lane.waiting.first;
    if (entry === undefined) return 0;
    const isFree = this.#isFree(entry.session, entry);
    const standsOn = isFree ? null : this.#gathering;
    const verdict = this.#rules.decide(
      standsOn?.state ?? this.#state,
      entry.command,
      at,
      entry.readings ?? NOTHING_READ,
    );
    if (verdict.kind === "read" && entry.attempts < MAX_ATTEMPTS) {
      // What isn't stored yet can't be read.
      if (standsOn !== null) this.#afterCommit.push(lane);
      else this.#read(lane, entry, verdict.ranges);
      return 1;
    }
    const decision = verdict.kind === "read" ? refused(this.#rules.busy) : verdict;
    lane.waiting.shift();
    this.#reader.done(entry);
    let work: number;
    if (standsOn !== null || (!isFree && isStored(this.#rules, decision))) {
      this.#gathering ??= emptyBatch(this.#state);
      work = addToBatch(this.#rules, this.#gathering, entry, decision);
    } else {
      work = this.#applyNow(entry, decision, released);
    }
    this.#lanes.putBack(lane);
    return work;
  }

  /** What needs no commit holds at once: on what is true, and on what will be true. */
  #applyNow(entry: Entry<D>, decision: Decision<D["event"], D["refusal"]>, released: Delivery<D["notice"]>[]): number {
    const from = released.length;
    this.#state = applyDecision(this.#rules, this.#state, entry, decision, released);
    if (decision.kind === "done" && this.#rules.classOf(entry.command) === "lazy") this.#applyBehind(decision.events);
    this.#settle(entry, decision);
    return workOf(entry, released, from);
  }

  /** Lazy events hold in what is being stored, too, and are written later. */
  #applyBehind(events: readonly D["event"][]): void {
    for (const batch of [this.#gathering, this.#committing]) {
      if (batch !== null) for (const event of events) batch.state = this.#rules.apply(batch.state, event);
    }
    for (const event of events) {
      const stored = this.#rules.storedBy(event);
      if (stored?.kind !== "fact") continue;
      if (this.#lazy.size === 0) this.#ports.writeBehind(() => this.#writeLazy());
      this.#lazy.set(this.#rules.lazyKeyOf(stored.fact), stored.fact);
    }
  }

  #read(lane: Lane<Entry<D>>, entry: Entry<D>, ranges: readonly Range[]): void {
    entry.attempts++;
    void this.#reader.read(entry, ranges).then(
      (readings) => {
        entry.readings = readings;
        return this.#backFromReading(lane);
      },
      (cause: unknown) => {
        this.#ports.onStoreFailure(cause);
        lane.waiting.shift();
        this.#reader.done(entry);
        const released: Delivery<D["notice"]>[] = [];
        this.#applyNow(entry, refused(this.#rules.storageFailed), released);
        this.#ports.outbox.deliver(released);
        return this.#backFromReading(lane);
      },
    );
  }

  #backFromReading(lane: Lane<Entry<D>>): void {
    this.#lanes.putBack(lane);
    this.#scheduleTurn();
  }

  async #commit(batch: Batch<D>): Promise<void> {
    this.#committing = batch;
    const lazy = this.#lazy;
    this.#lazy = new Map();
    this.#lazyIsDue = false;
    // Lazy facts are older than what the batch decided, which may have ended what they are about.
    const facts = [...lazy.values(), ...batch.facts];
    const failure = await this.#ports.store.commit({ facts, appends: batch.appends, trims: batch.trims }).then(
      () => null,
      (cause: unknown) => ({ cause }),
    );
    this.#committing = null;
    this.#lazyFailed = failure !== null;
    if (failure === null) {
      this.#state = batch.state;
      batch.entries.forEach(({ entry, decision }) => this.#settle(entry, decision));
      if (batch.deliveries.length > 0) this.#ports.outbox.deliver(batch.deliveries);
    } else {
      this.#ports.onStoreFailure(failure.cause);
      this.#keepLazy(lazy);
      this.#dropBatch(batch);
    }
    this.#lanes.release(batch.sessions);
    for (const lane of this.#afterCommit.splice(0)) this.#lanes.putBack(lane);
    if (this.#lanes.hasNext(true) || this.#lazyShouldGo()) this.#scheduleTurn();
    else this.#reportIdle();
  }

  /**
   * The batch's state is dropped. Its commands are decided once more without a store: those that need one are refused,
   * the others hold all the same, for a connection that has gone is gone, whatever the disk says.
   */
  #dropBatch(batch: Batch<D>): void {
    const released: Delivery<D["notice"]>[] = [];
    const at = this.#ports.clock.wall();
    for (const { entry } of batch.entries) {
      const wanted = this.#rules.decide(this.#state, entry.command, at, entry.readings ?? NOTHING_READ);
      const mustStore =
        wanted.kind === "read" || (isStored(this.#rules, wanted) && this.#rules.classOf(entry.command) !== "lazy");
      this.#applyNow(entry, mustStore ? refused(this.#rules.storageFailed) : wanted, released);
    }
    if (released.length > 0) this.#ports.outbox.deliver(released);
  }

  #settle(entry: Entry<D>, decision: Decision<D["event"], D["refusal"]>): void {
    this.#unsettled--;
    entry.settle?.(decision);
  }

  #isFree(session: SessionId, entry: Entry<D>): boolean {
    if (this.#rules.classOf(entry.command) === "durable") return false;
    return !(this.#gathering?.sessions.has(session) ?? false) && !(this.#committing?.sessions.has(session) ?? false);
  }

  /** What could not be written is tried again later; what has come meanwhile is newer. */
  #keepLazy(lazy: ReadonlyMap<string, D["fact"]>): void {
    if (lazy.size > 0 && this.#lazy.size === 0) this.#ports.writeBehind(() => this.#writeLazy());
    this.#lazy = new Map([...lazy, ...this.#lazy]);
  }

  #writeLazy(): void {
    if (this.#lazy.size === 0) return;
    this.#lazyIsDue = true;
    this.#scheduleTurn();
  }

  #lazyShouldGo(): boolean {
    const isWanted = this.#lazyIsDue || (this.#whenIdle.length > 0 && this.#unsettled === 0 && !this.#lazyFailed);
    return isWanted && this.#lazy.size > 0 && this.#committing === null;
  }

  #reportIdle(): void {
    if (this.#whenIdle.length === 0 || this.#unsettled > 0 || this.#committing !== null) return;
    const resolvers = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of resolvers) resolve();
  }
}

const NOTHING_READ: Readings = new Map();

/** A command whose readings are never enough, because others change what it stands on, gives up at last. */
const MAX_ATTEMPTS = 16;
