import type { SessionId } from "./events.ts";
import { Queue } from "./queue.ts";

/** The commands of one session, in their order. */
export interface Lane<E> {
  session: SessionId;
  readonly waiting: Queue<E>;
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
 * The waiting commands, each session's in a lane of its own. Lanes take turns, one command at a time, so that whoever says much
 * delays only itself; and a lane is looked at only when its next command can be decided, so that a long commit with many
 * waiting costs nothing.
 */
export class Lanes<E> {
  readonly #lanes = new Map<SessionId, Lane<E>>();
  readonly #free = new Queue<Place<E>>();
  readonly #held = new Queue<Place<E>>();
  /** Lanes that are empty, for the next sessions: mostly a command is alone in its lane. */
  readonly #spare: Lane<E>[] = [];
  readonly #isFree: (session: SessionId, entry: E) => boolean;
  #heldIsNext = false;

  /** @param isFree whether a session's next command may be decided while a commit is under way. */
  constructor(isFree: (session: SessionId, entry: E) => boolean) {
    this.#isFree = isFree;
  }

  add(session: SessionId, entry: E): void {
    const lane = this.#lanes.get(session) ?? this.#open(session);
    lane.waiting.push(entry);
    if (lane.place === "empty") this.#place(lane);
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

  #open(session: SessionId): Lane<E> {
    const lane = this.#spare.pop() ?? { session, waiting: new Queue<E>(), place: "empty", ticket: 0 };
    lane.session = session;
    this.#lanes.set(session, lane);
    return lane;
  }

  #place(lane: Lane<E>): void {
    const entry = lane.waiting.first;
    if (entry === undefined) {
      lane.place = "empty";
      this.#lanes.delete(lane.session);
      if (this.#spare.length < MOST_SPARE) this.#spare.push(lane);
      return;
    }
    lane.place = this.#isFree(lane.session, entry) ? "free" : "held";
    lane.ticket++;
    (lane.place === "free" ? this.#free : this.#held).push({ lane, ticket: lane.ticket });
  }
}

const MOST_SPARE = 64;

function takeFrom<E>(ring: Queue<Place<E>>): Lane<E> | null {
  for (;;) {
    const place = ring.shift();
    if (place === undefined) return null;
    if (place.lane.ticket === place.ticket && place.lane.place !== "parked") return place.lane;
  }
}
