import type { Command } from "./commands.ts";
import { decide } from "./decide.ts";
import { refused, UNCHANGED, type Decision } from "./decision.ts";
import { deliveriesOf } from "./delivery.ts";
import { isFact, type Event, type Fact, type SessionId } from "./events.ts";
import type { Clock, Delivery, NextTurn, Outbox, Store } from "./ports.ts";
import { apply, type State } from "./state.ts";

export interface MailboxPorts {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly nextTurn: NextTurn;
  /** Told of the cause when facts could not be stored; the peers only hear that it failed. */
  readonly onStoreFailure: (cause: unknown) => void;
}

/** What became of a command, for those who ask from inside the house. */
type Settle = (decision: Decision) => void;

interface Entry {
  readonly command: Command;
  readonly settle: Settle | null;
}

/** What was decided but must be stored before it holds. `state` is what will be true then. */
interface Batch {
  state: State;
  readonly entries: Entry[];
  readonly decisions: Decision[];
  readonly facts: Fact[];
  readonly deliveries: Delivery[];
  /** Sessions with a command in here: what they say next must wait for it. */
  readonly sessions: Set<SessionId>;
}

/**
 * Runs the core, one turn at a time. The commands of one turn of the event loop are decided one after another; those
 * that lead to facts, and all that stand on these, form one batch, which is committed in one transaction before anybody
 * hears of it. While a commit is on its way the next batch gathers. Live chat, which stores nothing and changes no
 * state, never waits for a commit, unless its own session is waiting for one.
 */
export class Mailbox {
  readonly #ports: MailboxPorts;
  #state: State;
  #waiting: Entry[] = [];
  #turnIsDue = false;
  #committing: Batch | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(state: State, ports: MailboxPorts) {
    this.#state = state;
    this.#ports = ports;
  }

  /** What is true and, where it must be, stored. */
  get state(): State {
    return this.#state;
  }

  /** `settle` is told what became of the command, before anybody hears of it. */
  post(command: Command, settle: Settle | null = null): void {
    this.#add({ command, settle });
  }

  /** Posts a command and resolves with what became of it, after the commit. Never rejects. */
  ask(command: Command): Promise<Decision> {
    return new Promise((settle) => this.#add({ command, settle }));
  }

  /** Resolves when nothing waits and nothing is being stored. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#scheduleTurn();
    });
  }

  #add(entry: Entry): void {
    this.#waiting.push(entry);
    this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    this.#ports.nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#turnIsDue = false;
    const entries = this.#waiting;
    this.#waiting = [];
    const released: Delivery[] = [];
    const at = this.#ports.clock.wall();
    let batch: Batch | null = null;
    const waitingSessions = new Set(this.#committing?.sessions);
    for (const entry of entries) {
      const session = sessionOf(entry.command);
      const mayPass = isLive(entry.command) && (session === null || !waitingSessions.has(session));
      if (this.#committing !== null && !mayPass) {
        this.#waiting.push(entry);
        if (session !== null) waitingSessions.add(session);
        continue;
      }
      if (batch !== null && !mayPass) {
        addToBatch(batch, entry, decide(batch.state, entry.command, at));
      } else {
        const decision = decide(this.#state, entry.command, at);
        if (hasFacts(decision)) {
          batch = emptyBatch(this.#state, waitingSessions);
          addToBatch(batch, entry, decision);
        } else {
          this.#state = applyTo(this.#state, entry, decision, released);
          entry.settle?.(decision);
        }
      }
    }
    if (released.length > 0) this.#ports.outbox.deliver(released);
    if (batch !== null) void this.#commit(batch);
    this.#reportIdle();
  }

  async #commit(batch: Batch): Promise<void> {
    this.#committing = batch;
    const failure = await this.#ports.store.commit({ facts: batch.facts, appends: [], trims: [] }).then(
      () => null,
      (cause: unknown) => ({ cause }),
    );
    this.#committing = null;
    if (failure === null) {
      this.#state = batch.state;
      batch.entries.forEach(({ settle }, i) => settle?.(batch.decisions[i] ?? UNCHANGED));
      this.#ports.outbox.deliver(batch.deliveries);
    } else {
      this.#ports.onStoreFailure(failure.cause);
      this.#dropBatch(batch);
    }
    if (this.#waiting.length > 0) this.#scheduleTurn();
    this.#reportIdle();
  }

  /**
   * The batch's state is dropped. Its commands are decided once more without a store: those that need one are refused,
   * the others hold all the same, for a connection that has gone is gone, whatever the disk says.
   */
  #dropBatch(batch: Batch): void {
    const released: Delivery[] = [];
    const at = this.#ports.clock.wall();
    for (const entry of batch.entries) {
      const wanted = decide(this.#state, entry.command, at);
      const decision: Decision = hasFacts(wanted) ? refused({ reason: "storage-failed" }) : wanted;
      this.#state = applyTo(this.#state, entry, decision, released);
      entry.settle?.(decision);
    }
    this.#ports.outbox.deliver(released);
  }

  #reportIdle(): void {
    if (this.#waiting.length > 0 || this.#committing !== null) return;
    const resolvers = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of resolvers) resolve();
  }
}

/** Whether a command is sure to change no state and to store nothing, whatever the state is. */
function isLive(command: Command): boolean {
  switch (command.kind) {
    case "ready":
    case "broadcast":
    case "direct":
    case "list":
    case "info":
    case "help":
    case "server-info":
    case "list-bans":
    case "invalid":
      return true;
    case "open":
    case "register":
    case "revouch":
    case "end":
    case "kick":
    case "ban":
    case "unban":
    case "release-name":
    case "tailscaled-seen":
    case "tailscaled-presence":
      return false;
  }
}

function sessionOf(command: Command): SessionId | null {
  return "session" in command ? command.session : null;
}

function hasFacts(decision: Decision): boolean {
  return decision.kind === "done" && decision.events.some(isFact);
}

function emptyBatch(state: State, sessions: Set<SessionId>): Batch {
  return { state, entries: [], decisions: [], facts: [], deliveries: [], sessions };
}

function addToBatch(batch: Batch, entry: Entry, decision: Decision): void {
  batch.entries.push(entry);
  batch.decisions.push(decision);
  if (decision.kind === "done") batch.facts.push(...decision.events.filter(isFact));
  const session = sessionOf(entry.command);
  if (session !== null) batch.sessions.add(session);
  batch.state = applyTo(batch.state, entry, decision, batch.deliveries);
}

/** Applies a decision's events one by one, adding to `deliveries` who hears of each. */
function applyTo(state: State, { command }: Entry, decision: Decision, deliveries: Delivery[]): State {
  if (decision.kind === "refused") {
    const session = sessionOf(command);
    if (session !== null) {
      deliveries.push({ to: [session], except: null, notice: { kind: "refused", refusal: decision.refusal } });
    }
    return state;
  }
  if (decision.kind !== "done") return state;
  return decision.events.reduce((present: State, event: Event) => {
    deliveries.push(...deliveriesOf(present, event));
    return apply(present, event);
  }, state);
}
