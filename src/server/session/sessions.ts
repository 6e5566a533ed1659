import type { SessionId } from "../../core/events.ts";
import type { Notice } from "../../core/notices.ts";
import type { Delivery, Outbox } from "../../core/ports.ts";

/** A session's end of its protocol: it turns what the session hears into bytes. */
export interface SessionPort {
  /** Bytes that wait for the peer to read them. */
  readonly queued: number;
  /** Takes a notice; nothing need leave before `flush`. */
  hear(notice: Notice): void;
  /** What was heard in this turn leaves in one write. */
  flush(): void;
  /** From now on nothing more is read of it; what was read is answered. */
  stopReading(): void;
  /** Sends what there is and closes, saying nothing. */
  close(): void;
}

/** Told of each delivery, for metrics and log: what was heard, and by how many. */
export type DeliveryObserver = (notice: Notice, hearers: number) => void;

/** All sessions of this server, whatever their protocol, and how notices reach them. */
export class Sessions implements Outbox {
  readonly #ports = new Map<SessionId, SessionPort>();
  readonly #observe: DeliveryObserver;
  #last = 0;

  constructor(observe: DeliveryObserver) {
    this.#observe = observe;
  }

  get size(): number {
    return this.#ports.size;
  }

  nextId(): SessionId {
    this.#last += 1;
    return this.#last;
  }

  add(id: SessionId, port: SessionPort): void {
    this.#ports.set(id, port);
  }

  remove(id: SessionId): void {
    this.#ports.delete(id);
  }

  all(): IterableIterator<SessionPort> {
    return this.#ports.values();
  }

  queuedBytes(): number {
    let bytes = 0;
    for (const port of this.#ports.values()) bytes += port.queued;
    return bytes;
  }

  deliver(deliveries: readonly Delivery[]): void {
    const touched = new Set<SessionPort>();
    for (const { to, except, notice } of deliveries) {
      let hearers = 0;
      for (const id of to) {
        const port = id === except ? undefined : this.#ports.get(id);
        if (port === undefined) continue;
        port.hear(notice);
        touched.add(port);
        hearers++;
      }
      this.#observe(notice, hearers);
    }
    for (const port of touched) port.flush();
  }
}
