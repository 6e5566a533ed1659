import type { Command } from "../core/commands.ts";
import type { SessionId } from "../core/events.ts";
import type { Identified, Identifier, Peer } from "../tailnet/identify.ts";

export interface IdentityRefreshOptions {
  readonly identifier: Identifier;
  /** Whether tailscaled is in a state to be asked; while it isn't, sessions go on as they are. */
  readonly mayAsk: () => boolean;
  readonly post: (command: Command) => void;
  /** Milliseconds between two rounds of questions. */
  readonly every: number;
  /** Milliseconds between two rounds that news asked for, at least. */
  readonly newsEvery: number;
  /** Milliseconds after which a peer that its tailnet calls offline is taken for gone. */
  readonly offlineAfter: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

interface Watched {
  readonly peer: Peer;
  /** Since when tailscaled calls the peer's node offline; null: it doesn't. */
  offlineSince: number | null;
}

/**
 * Asks the tailnet again and again who the peers of live sessions are: a right that was withdrawn ends within a minute, mostly at once, a
 * peer that became somebody else or left the tailnet has to come again, and one that is long offline is gone though its
 * connection still looks whole. While nobody can be asked, sessions go on as they are.
 */
export class IdentityRefresh {
  readonly #options: IdentityRefreshOptions;
  readonly #watched = new Map<SessionId, Watched>();
  readonly #timer: NodeJS.Timeout;
  #round: Promise<void> | null = null;
  /** The next round for the sake of news, and when the last one was. */
  #newsRound: NodeJS.Timeout | null = null;
  #newsAt = -Infinity;

  constructor(options: IdentityRefreshOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.askAll(), options.every);
    this.#timer.unref();
  }

  add(session: SessionId, peer: Peer): void {
    this.#watched.set(session, { peer, offlineSince: null });
  }

  remove(session: SessionId): void {
    this.#watched.delete(session);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#newsRound !== null) clearTimeout(this.#newsRound);
    this.#watched.clear();
  }

  /** One round; a round that is under way serves all who ask for one meanwhile. */
  askAll(): Promise<void> {
    this.#round ??= this.#askEach().finally(() => {
      this.#round = null;
    });
    return this.#round;
  }

  /** tailscaled had news, perhaps of a policy: a round at once, or as soon as one may be again. */
  hearNews(): void {
    const { now, newsEvery } = this.#options;
    this.#newsRound ??= setTimeout(
      () => {
        this.#newsRound = null;
        this.#newsAt = now();
        void this.#askAnew();
      },
      Math.max(0, this.#newsAt + newsEvery - now()),
    ).unref();
  }

  /** A round under way may have asked about some before the news. */
  async #askAnew(): Promise<void> {
    await this.#round;
    await this.askAll();
  }

  /** One question for each node, one after another: a round must not crowd out who is just coming in. */
  async #askEach(): Promise<void> {
    const peers = [...this.#watched].map(([session, { peer }]) => [session, peer] as const);
    for (const group of this.#options.identifier.byNode(peers)) {
      if (!this.#options.mayAsk()) return;
      const peer = this.#watched.get(group[0] ?? 0)?.peer;
      if (peer === undefined) continue;
      const identified = await this.#options.identifier.identify(peer);
      for (const session of group) this.#judge(session, identified);
    }
  }

  #judge(session: SessionId, identified: Identified): void {
    const watched = this.#watched.get(session);
    if (watched === undefined) return;
    const { post, now, offlineAfter } = this.#options;
    if (identified.kind === "refused") {
      if (identified.reason === "not-a-member") post({ kind: "end", session, refusal: { reason: "not-a-member" } });
      return;
    }
    const { identity, grant, online } = identified;
    post({ kind: "refresh-identity", session, identity, grant });
    if (online === false) watched.offlineSince ??= now();
    else watched.offlineSince = null;
    if (watched.offlineSince !== null && now() - watched.offlineSince >= offlineAfter) {
      post({ kind: "end", session, refusal: { reason: "timed-out" } });
    }
  }
}
