/**
 * One group of one device: all its operations one after another, each saved before anything of it leaves or is told. A fault of
 * the store or the engine throws the state in memory away; the next operation loads what is kept. Other groups don't notice.
 */
import { sameBytes } from "../../mls/identity/bytes.ts";
import type { RoomPolicy } from "../../mls/room-policy.ts";
import type { Change } from "../storage/changes.ts";
import type { GroupRow, Intent, OutboxRow } from "../storage/kept.ts";
import { catchUp } from "./catch-up.ts";
import { commitIntent } from "./commit.ts";
import type { CommitOutcome } from "./commit.ts";
import type { Head, SessionContext, SessionPorts, Standing, Step, Verdict } from "./context.ts";
import { AgentStoreError } from "../storage/errors.ts";
import { isEngineFailure } from "./engine-failure.ts";
import type { GroupEvent, Hold } from "./events.ts";
import { holdsOf } from "./holds.ts";
import type { LogEntry } from "./ports.ts";
import { leave } from "./receive.ts";
import { sendNext, takeWritten } from "./send.ts";
import { settleOrStart } from "./settle.ts";
import { hex } from "../storage/hex.ts";
import { beginReaders, closeGroups, dropOutbox, rosterOf, takeChanges, working } from "./working.ts";
import type { Person } from "./person.ts";
import type { Working } from "./working.ts";

export interface GroupSession {
  readonly id: Uint8Array;
  /** Catches up, settles what was on its way, renews keys when due, and sends what waits, until nothing is left to do. */
  advance(): Promise<Standing>;
  /**
   * Keeps a message to be sent, at once, whatever the session waits for. `shown`: whom the writer saw as readers (`whoKey`). It may be sent
   * late, but never twice.
   */
  write(message: OutboxRow, shown: readonly string[]): Promise<void>;
  /** False if it is on its way already, or isn't there. */
  withdraw(messageId: Uint8Array): Promise<boolean>;
  /** The writer has seen them, too. */
  showReaders(who: readonly string[]): Promise<void>;
  commit(intent: Intent): Promise<CommitOutcome>;
  /** An entry that was pushed, in any order and any number of times; `advance` takes it. */
  offer(entry: LogEntry): void;
  /** These devices, and no others, are wanted out by the server. If nobody has done it after `timeout` milliseconds, messages wait. */
  orderRemovals(devices: readonly Uint8Array[], timeout: number): void;
  /** Messages don't wait for the removal of these people any more (`whoKey`). */
  acceptRemoved(who: readonly string[]): void;
  /** This device has left: its keys go, and what waited is refused. */
  leave(): Promise<void>;
  /** What the server says its log ends in. `advance` holds it against what was read. */
  expectHead(head: Head): void;
  /** What the server has said of the whole group, see `SessionContext`. `advance` reads what is left, and stops. */
  end(verdict: Verdict): void;
  /** Nothing is sent before these devices are members, or until so long (milliseconds since 1970). */
  awaitMembers(devices: readonly Uint8Array[], until: number): void;
  /** Shortens that. */
  awaitUntil(until: number): void;
  /** Of a pair: why its other one can't be brought in; null: nothing that is known. Whether that is another reason than before; of too many it isn't said. */
  holdForAbsent(hold: Hold | null): boolean;
  /**
   * Its conversation goes on elsewhere: `changes`, which say so, are kept between two operations, with what was written until then; nothing
   * more can be written here.
   */
  handOver(changes: readonly Change[]): Promise<void>;
  look(): Promise<SessionView>;
  /** What it holds in memory goes; asked for anything later, it reads what the store has. */
  close(): Promise<void>;
  /** The same, and what it was told of the group: this device has come into it afresh. */
  renew(): Promise<void>;
}

export interface SessionView {
  readonly row: GroupRow;
  readonly epoch: number | null;
  readonly people: readonly string[];
  readonly members: readonly Person[];
  readonly waiting: readonly OutboxRow[];
  readonly holds: readonly Hold[];
  /** 32 bytes; null for who is no member. */
  readonly authenticator: Uint8Array | null;
  readonly policy: RoomPolicy | null;
  /** Device ids in hex whose removal the server has ordered. */
  readonly ordered: ReadonlySet<string>;
  /** It took the place of another one that this device was in. */
  readonly isSuccessor: boolean;
}

/** As of a session that has just been made, but for what the server has ordered: it says that once. What was written is on the disk. */
function forgetAll(context: SessionContext): void {
  context.offered.clear();
  context.unwanted.clear();
  context.written.length = 0;
  context.receiver.attempt = { number: 0, hasFailed: false };
  const none = {
    expectedHead: null,
    verdict: null,
    awaited: null,
    absent: null,
    pinnedEpoch: null,
    races: 0,
    fruitless: 0,
  };
  Object.assign(context, none);
}

/** What a yes would be about; empty: nothing. */
function keysIn(hold: Hold | null): string {
  if (hold === null) return "";
  const shown = "shown" in hold ? hold.shown : [];
  return [
    hold.kind,
    ...shown.map(({ userKey, known }) => `${hex(userKey)} ${known === null ? "" : hex(known)}`),
  ].join();
}

/** Steps of one `advance` (two for each message that waits), pushed entries that are held, and operations that wait. */
const MOST_STEPS = 10_000;
const MOST_OFFERED = 256;
const MOST_QUEUED = 1000;
/** Times that a pair's lacking its other one is told as new, which lets the group be looked at: a server that shows another key each time ends there. */
const MOST_REASONS = 100;
/** Ordered removals that are remembered. */
const MOST_REMOVALS = 1000;

/** A session on a group that the store has. */
export function groupSession(id: Uint8Array, ports: SessionPorts): GroupSession {
  const { store, engine, ownDevice, system, digest, onEvent } = ports;
  let work: Working | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  let queued = 0;
  let reasons = 0;
  const removals = new Map<string, number>();
  const unwanted = new Set<string>();
  const context: SessionContext = {
    ...ports,
    id,
    receiver: {
      ownDevice,
      system,
      trust: ports.trust,
      digest,
      attempt: { number: 0, hasFailed: false },
      removals,
      unwanted,
    },
    offered: new Map(),
    removals,
    unwanted,
    written: [],
    expectedHead: null,
    verdict: null,
    awaited: null,
    absent: null,
    pinnedEpoch: null,
    races: 0,
    fruitless: 0,
    keep,
    keepPins,
    reload,
  };

  return {
    id,
    advance: async () => await operation(advance),
    async write(message, shown) {
      // Beside the operations, which may be waiting for a turn to commit: the store refuses what doesn't fit.
      const readers: readonly Change[] =
        shown.length === 0 ? [] : [{ kind: "readers-shown", group: id, readers: shown }];
      await store.commit([...readers, { kind: "message-written", group: id, message }]);
      context.written.push({ message, shown });
    },
    withdraw: async (messageId) =>
      await operation(async (present) => {
        const isThere = present.outbox.some((row) => sameBytes(row.messageId, messageId));
        const isFlying = present.flight !== null && sameBytes(present.flight.messageId, messageId);
        if (!isThere || isFlying) return false;
        present.changes.push({ kind: "message-withdrawn", group: id, messageId });
        await keep(present);
        present.outbox = present.outbox.filter((row) => !sameBytes(row.messageId, messageId));
        return true;
      }),
    showReaders: async (who) =>
      await operation(async (present) => {
        present.changes.push({ kind: "readers-shown", group: id, readers: who });
        await keep(present);
        for (const each of who) present.readers.add(each);
      }),
    orderRemovals(devices, timeout) {
      const before = new Map(context.removals);
      context.removals.clear();
      for (const device of devices.slice(0, MOST_REMOVALS)) {
        context.removals.set(hex(device), before.get(hex(device)) ?? system.now() + timeout);
      }
    },
    acceptRemoved(who) {
      const people = new Set(who);
      for (const member of work === null ? [] : rosterOf(work).members) {
        const device = hex(member.deviceId);
        if (people.has(member.who) && context.removals.has(device)) context.removals.set(device, Infinity);
      }
    },
    leave: async () =>
      await operation(async (present) => {
        if (present.row.status === "removed") return;
        leave(present, present.row.cursor);
        dropOutbox(present, "not-a-member");
        await keep(present);
      }),
    commit: async (intent) => await operation(async (present) => await commitIntent(context, present, intent)),
    offer(entry) {
      if (context.offered.size < MOST_OFFERED) context.offered.set(entry.number, entry);
    },
    expectHead(head) {
      context.expectedHead = head;
    },
    end(verdict) {
      context.verdict = verdict;
    },
    awaitMembers(devices, until) {
      context.awaited = { devices: new Set(devices.map(hex)), until };
    },
    awaitUntil(until) {
      const { awaited } = context;
      if (awaited !== null) context.awaited = { ...awaited, until: Math.min(until, awaited.until) };
    },
    holdForAbsent(hold) {
      const isNew = keysIn(hold) !== keysIn(context.absent);
      context.absent = hold;
      if (isNew) reasons += 1;
      return isNew && reasons <= MOST_REASONS;
    },
    handOver: async (changes) =>
      await operation(async (present) => {
        await store.commit(changes);
        await reload(present);
      }),
    look: async () => await operation(async (present) => await Promise.resolve(view(present))),
    close: async () =>
      await inTurn(async () => {
        discard();
        await Promise.resolve();
      }),
    renew: async () =>
      await inTurn(async () => {
        discard();
        forgetAll(context);
        await Promise.resolve();
      }),
  };

  async function advance(present: Working): Promise<Standing> {
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const step = await nextStep(present);
      if (step.kind !== "again") return step;
    }
    return { kind: "busy" };
  }

  async function nextStep(present: Working): Promise<Step> {
    const caughtUp = await catchUp(context, present);
    if (caughtUp.kind !== "idle") return caughtUp;
    const settled = await settleOrStart(context, present);
    if (settled.kind !== "idle") return settled;
    return await sendNext(context, present);
  }

  /**
   * One at a time; what fails leaves nothing in memory. Where an engine has ended, or the store has something else than this session (another way into
   * the group has kept it), it is tried once more with what was saved.
   */
  async function operation<T>(task: (present: Working) => Promise<T>): Promise<T> {
    return await inTurn(async () => {
      try {
        return await attempt(task);
      } catch (error) {
        const isElsewhere = error instanceof AgentStoreError && error.code === "conflict";
        if (!isEngineFailure(error) && !isElsewhere) throw error;
        return await attempt(task);
      }
    });
  }

  async function attempt<T>(task: (present: Working) => Promise<T>): Promise<T> {
    try {
      work ??= await load();
      takeWritten(context, work);
      return await task(work);
    } catch (error) {
      discard();
      throw error;
    }
  }

  async function inTurn<T>(task: () => Promise<T>): Promise<T> {
    if (queued >= MOST_QUEUED) throw new RangeError("too many operations wait for this group");
    queued += 1;
    const turn = queue.then(task);
    queue = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      queued -= 1;
    }
  }

  async function load(): Promise<Working> {
    const kept = await store.group(id);
    if (kept === null) throw new RangeError("the store has no such group");
    // All of it was on the disk before, and is in what was read.
    context.written.length = 0;
    const loaded = working(kept, engine);
    beginReaders(loaded);
    return loaded;
  }

  async function keep(present: Working): Promise<void> {
    const changes = takeChanges(present);
    const events = present.events.splice(0);
    await store.commit(changes);
    for (const event of events) onEvent(event);
  }

  async function keepPins(present: Working, gather: () => boolean): Promise<void> {
    const events: GroupEvent[] = [];
    await ports.trust.change(store, () => {
      if (!gather()) return [];
      const changes = takeChanges(present);
      events.push(...present.events.splice(0));
      return changes;
    });
    for (const event of events) onEvent(event);
  }

  async function reload(present: Working): Promise<void> {
    closeGroups(present);
    Object.assign(present, await load());
  }

  function discard(): void {
    if (work !== null) closeGroups(work);
    work = null;
  }

  function view(present: Working): SessionView {
    const { row, active, outbox } = present;
    return {
      row,
      epoch: active?.epoch ?? null,
      people: rosterOf(present).readers,
      members: rosterOf(present).members,
      waiting: outbox,
      holds: holdsOf(present, { trust: ports.trust, removals: context.removals, now: system.now() }),
      authenticator: active?.authenticator() ?? null,
      policy: active?.policy ?? null,
      ordered: new Set(context.removals.keys()),
      isSuccessor: present.isSuccessor,
    };
  }
}
