import type { Waiter } from "./input-budget.ts";

/**
 * Bytes of messages whose end hasn't come, of each peer over all of its connections. Over the bound a peer's connections wait,
 * except the one whose message began first: so they finish one after another, or run into their deadline.
 */
export class UnfinishedInput {
  readonly #limit: number;
  /** By peer; the connection whose message began first is the first. */
  readonly #peers = new Map<string, Map<Waiter, number>>();
  readonly #peerOf = new Map<Waiter, string>();

  /** @param limit bytes of each peer. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Connections with a message whose end hasn't come. */
  get size(): number {
    return this.#peerOf.size;
  }

  /** Of this connection's message this many bytes have come; 0: it is whole. False: wait until `goOn`. */
  note(waiter: Waiter, peer: string, bytes: number): boolean {
    const before = this.#peerOf.get(waiter);
    if (bytes === 0 || (before !== undefined && before !== peer)) this.#forget(waiter);
    if (bytes === 0) return true;
    this.#peerOf.set(waiter, peer);
    const connections = this.#peers.get(peer) ?? new Map<Waiter, number>();
    this.#peers.set(peer, connections);
    connections.set(waiter, bytes);
    return this.mayGoOn(waiter);
  }

  /** Whether there is room for more of this connection's message. */
  mayGoOn(waiter: Waiter): boolean {
    const connections = this.#peers.get(this.#peerOf.get(waiter) ?? "");
    if (connections === undefined) return true;
    const [first] = connections.keys();
    if (first === waiter) return true;
    let sum = 0;
    for (const bytes of connections.values()) sum += bytes;
    return sum <= this.#limit;
  }

  #forget(waiter: Waiter): void {
    const peer = this.#peerOf.get(waiter);
    if (peer === undefined) return;
    this.#peerOf.delete(waiter);
    const connections = this.#peers.get(peer);
    connections?.delete(waiter);
    if (connections === undefined || connections.size === 0) this.#peers.delete(peer);
    else for (const other of connections.keys()) other.goOn();
  }
}
