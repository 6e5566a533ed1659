import type { SessionId } from "./events.ts";
import { Queue } from "./queue.ts";

/** Most that may wait before a session is asked to pause. It goes on when what waits has fallen to half. */
export interface WaitingLimits {
  readonly entriesPerSession: number;
  readonly bytesPerSession: number;
  /** In all, over all sessions. */
  readonly entries: number;
  readonly bytes: number;
}

/** Told when a session's connection should not be read for a while, and when it may be read again. Never told twice in a row. */
export interface Intake {
  pause(session: SessionId): void;
  resume(session: SessionId): void;
}

/** The commands of one session, in their order. */
export interface Lane<E> {
  readonly session: SessionId;
  readonly waiting: Queue<E>;
  /** What was posted and is not settled, waiting or being stored. */
  entries: number;
  bytes: number;
  paused: boolean;
  /** Where it is: in a ring, or parked until it is put back, or with nothing to do. */
  place: "free" | "held" | "parked" | "empty";
  /** Which of its places in the rings counts: only the last. */
  ticket: number;
}

/** A lane's place in a ring. */
interface Place<E> {
  readonly lane: Lane<E>;
  readonly ticket: number;
}

/**
 * The waiting commands, each session's in a lane of its own. Lanes take turns, one command at a time, so that who says
 * much delays itself; and a lane is looked at only when its next command can be decided, so that a long commit with many
 * waiting costs nothing.
 */
export class Lanes<E extends { readonly size: number }> {
  readonly #lanes = new Map<SessionId, Lane<E>>();
  readonly #free = new Queue<Place<E>>();
  readonly #held = new Queue<Place<E>>();
  readonly #paused = new Set<Lane<E>>();
  readonly #limits: WaitingLimits;
  readonly #intake: Intake;
  readonly #isFree: (session: SessionId, entry: E) => boolean;
  #entries = 0;
  #bytes = 0;
  #heldIsNext = false;

  /** @param isFree whether a session's next command may be decided while a commit is under way. */
  constructor(limits: WaitingLimits, intake: Intake, isFree: (session: SessionId, entry: E) => boolean) {
    this.#limits = limits;
    this.#intake = intake;
    this.#isFree = isFree;
  }

  /** How many commands are not settled yet. */
  get entries(): number {
    return this.#entries;
  }

  add(session: SessionId, entry: E): void {
    const lane = this.#lanes.get(session) ?? this.#open(session);
    lane.waiting.push(entry);
    lane.entries++;
    lane.bytes += entry.size;
    this.#entries++;
    this.#bytes += entry.size;
    if (lane.place === "empty") this.#place(lane);
    if (!lane.paused && (this.#isOver(lane, 1) || this.#isOverInAll(1))) {
      lane.paused = true;
      this.#paused.add(lane);
      if (session !== 0) this.#intake.pause(session);
    }
  }

  /** Whether `next` would give a lane. */
  hasNext(withHeld: boolean): boolean {
    return this.#free.size > 0 || (withHeld && this.#held.size > 0);
  }

  /** The lane whose turn it is, out of its ring until `putBack`. @param withHeld no commit is under way. */
  next(withHeld: boolean): Lane<E> | null {
    this.#heldIsNext = withHeld && !this.#heldIsNext;
    const [first, second] = this.#heldIsNext ? [this.#held, this.#free] : [this.#free, this.#held];
    const lane = takeFrom(first) ?? (withHeld ? takeFrom(second) : null);
    if (lane !== null) lane.place = "parked";
    return lane;
  }

  /** A commit with commands of these sessions is over: what they say next need not wait for the commits of others. */
  release(sessions: Iterable<SessionId>): void {
    for (const session of sessions) {
      const lane = this.#lanes.get(session);
      if (lane?.place === "held") this.#place(lane);
    }
  }

  /** The lane's next command can be looked at again; a lane without any rests. */
  putBack(lane: Lane<E>): void {
    this.#place(lane);
  }

  /** A command has its outcome and takes no place any more. */
  settled(session: SessionId, entry: E): void {
    const lane = this.#lanes.get(session);
    if (lane === undefined) return;
    lane.entries--;
    lane.bytes -= entry.size;
    const wasOver = this.#isOverInAll(0.5);
    this.#entries--;
    this.#bytes -= entry.size;
    if (wasOver && !this.#isOverInAll(0.5)) for (const other of this.#paused) this.#mayResume(other);
    else this.#mayResume(lane);
    this.#forgetIfIdle(lane);
  }

  #open(session: SessionId): Lane<E> {
    const lane: Lane<E> = {
      session,
      waiting: new Queue(),
      entries: 0,
      bytes: 0,
      paused: false,
      place: "empty",
      ticket: 0,
    };
    this.#lanes.set(session, lane);
    return lane;
  }

  #place(lane: Lane<E>): void {
    const entry = lane.waiting.first;
    if (entry === undefined) {
      lane.place = "empty";
      this.#forgetIfIdle(lane);
      return;
    }
    lane.place = this.#isFree(lane.session, entry) ? "free" : "held";
    lane.ticket++;
    (lane.place === "free" ? this.#free : this.#held).push({ lane, ticket: lane.ticket });
  }

  #forgetIfIdle(lane: Lane<E>): void {
    if (lane.entries === 0 && lane.place === "empty" && !lane.paused) this.#lanes.delete(lane.session);
  }

  #mayResume(lane: Lane<E>): void {
    if (!lane.paused || this.#isOver(lane, 0.5) || this.#isOverInAll(0.5)) return;
    lane.paused = false;
    this.#paused.delete(lane);
    if (lane.session !== 0) this.#intake.resume(lane.session);
    this.#forgetIfIdle(lane);
  }

  #isOver({ entries, bytes }: Lane<E>, share: number): boolean {
    const { entriesPerSession, bytesPerSession } = this.#limits;
    return entries > entriesPerSession * share || bytes > bytesPerSession * share;
  }

  #isOverInAll(share: number): boolean {
    return this.#entries > this.#limits.entries * share || this.#bytes > this.#limits.bytes * share;
  }
}

function takeFrom<E>(ring: Queue<Place<E>>): Lane<E> | null {
  for (;;) {
    const place = ring.shift();
    if (place === undefined) return null;
    if (place.lane.ticket === place.ticket && place.lane.place !== "parked") return place.lane;
  }
}
