/** Times of a clock that only goes forward, and waiting by it. In milliseconds. */
export interface HeavyWorkClock {
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** So much may be done for a peer at once; behind that, this share of the time. */
const BURST = 200;
const SHARE = 0.25;

/** Does a piece of work that blocks, when its turn has come. */
export type Section = <T>(work: () => T) => Promise<T>;

interface Peer {
  /** What it has cost beyond its share, as of `at`. */
  cost: number;
  at: number;
  /** Settles with the last of its jobs. */
  last: Promise<unknown>;
}

/**
 * Work that blocks everybody while it is done, and that anybody can ask for: checking keys, handshakes, whole groups. Each peer's is
 * done one after another, within its share of the time, and one piece in a turn of the event loop, so that who asks for much
 * waits for itself.
 */
export class HeavyWork {
  readonly #clock: HeavyWorkClock;
  readonly #peers = new Map<string, Peer>();
  #turn: Promise<void> = Promise.resolve();
  /** Ends the wait of each job that waits for its share. */
  readonly #waiting = new Set<() => void>();
  #isHurried = false;

  constructor(clock: HeavyWorkClock) {
    this.#clock = clock;
  }

  /** Does a job of this peer's when its others are done and its share has room: its pieces go through `section`. */
  async run<T>(key: string, job: (section: Section) => Promise<T>): Promise<T> {
    const peer = this.#peers.get(key) ?? { cost: 0, at: this.#clock.now(), last: Promise.resolve() };
    this.#peers.set(key, peer);
    const mine = peer.last.then(async () => {
      await this.#paid(peer);
      return await job(async (work) => await this.#section(peer, work));
    });
    const settled = mine.catch(() => undefined);
    peer.last = settled;
    void this.#forgetBehind(key, peer, settled);
    return await mine;
  }

  /** Whoever owes nothing when its last job is done need not be remembered. */
  async #forgetBehind(key: string, peer: Peer, last: Promise<unknown>): Promise<void> {
    await last;
    if (peer.last === last && this.#owed(peer) <= 0) this.#peers.delete(key);
  }

  /** From now on no peer's work waits for its share: what is there is done, and no more comes. */
  hurry(): void {
    this.#isHurried = true;
    for (const wake of this.#waiting) wake();
  }

  /** Jobs that wait for their peer's share. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Peers that are remembered. */
  get size(): number {
    return this.#peers.size;
  }

  async #paid(peer: Peer): Promise<void> {
    const excess = this.#owed(peer) - BURST;
    if (excess <= 0 || this.#isHurried) return;
    // Not a race with one promise that `hurry` settles: that would hold something of every wait for as long as the server runs.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    void this.#clock.wait(excess / SHARE).then(resolve, resolve);
    await promise;
    this.#waiting.delete(resolve);
  }

  async #section<T>(peer: Peer, work: () => T): Promise<T> {
    this.#turn = this.#turn.then(() => new Promise((resolve) => void setImmediate(resolve)));
    await this.#turn;
    const before = this.#clock.now();
    try {
      return work();
    } finally {
      const after = this.#clock.now();
      peer.cost = this.#owed(peer) + after - before;
      peer.at = after;
    }
  }

  #owed({ cost, at }: Peer): number {
    return Math.max(0, cost - (this.#clock.now() - at) * SHARE);
  }
}
