import type { CoreDomain } from "../../src/core/core-rules.ts";
import type { SessionId } from "../../src/core/events.ts";
import type { MailboxPorts } from "../../src/core/mailbox.ts";
import type { Batch, Delivery, LogEntry, Range } from "../../src/core/ports.ts";
import type { Domain } from "../../src/core/rules.ts";
import { oneByOne, type Heard } from "../helpers/deliveries.ts";

/** A commit that has been asked for. The test says how it goes; both resolve when all that follows from it has happened. */
interface FakeCommit<F> extends Batch<F> {
  succeed(): Promise<void>;
  fail(cause: unknown): Promise<void>;
}

/** A read that has been asked for. */
interface FakeRead {
  readonly range: Range;
  answer(entries: readonly LogEntry[]): Promise<void>;
  fail(cause: unknown): Promise<void>;
}

export interface FakePorts<D extends Domain = CoreDomain> extends MailboxPorts<D> {
  /** Every commit and every read that was ever asked for. */
  readonly commits: readonly FakeCommit<D["fact"]>[];
  readonly reads: readonly FakeRead[];
  /** Each call of the outbox. */
  readonly deliveries: readonly (readonly Delivery<D["notice"]>[])[];
  readonly failures: readonly unknown[];
  /** All that a session was told, in its order. */
  heardBy(session: SessionId): readonly D["notice"][];
  /** How many turns the mailbox waits for: never more than one. */
  readonly turnsDue: number;
  /** Lets the awaited turn come. */
  turn(): void;
  /** The seconds pass after which what is lazy is written. */
  laterIsNow(): void;
}

/**
 * Fakes of all that the mailbox needs: a store whose commits and reads end when and as the test says, an outbox that
 * writes down what it is given, an event loop that turns when the test turns it, a clock that stands.
 */
export function fakePorts<D extends Domain = CoreDomain>(): FakePorts<D> {
  const commits: FakeCommit<D["fact"]>[] = [];
  const reads: FakeRead[] = [];
  const deliveries: (readonly Delivery<D["notice"]>[])[] = [];
  const heard = new Map<SessionId, Heard<D["notice"]>[]>();
  const failures: unknown[] = [];
  const due: (() => void)[] = [];
  const later: (() => void)[] = [];
  return {
    commits,
    reads,
    deliveries,
    failures,
    store: {
      read(range) {
        const { promise, resolve, reject } = Promise.withResolvers<readonly LogEntry[]>();
        reads.push({
          range,
          answer: (entries) => after(() => resolve(entries)),
          fail: (cause) => after(() => reject(cause)),
        });
        return promise;
      },
      commit(batch) {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        commits.push({ ...batch, succeed: () => after(resolve), fail: (cause) => after(() => reject(cause)) });
        return promise;
      },
    },
    outbox: {
      deliver(all) {
        deliveries.push(all);
        for (const each of oneByOne(all)) {
          const own = heard.get(each.to) ?? [];
          heard.set(each.to, own);
          own.push(each);
        }
      },
    },
    clock: { wall: () => 1000 },
    nextTurn: (turn) => void due.push(turn),
    writeBehind: (write) => void later.push(write),
    onStoreFailure: (cause) => void failures.push(cause),
    heardBy: (session) => (heard.get(session) ?? []).map(({ notice }) => notice),
    get turnsDue() {
      return due.length;
    },
    turn() {
      for (const turn of due.splice(0)) turn();
    },
    laterIsNow() {
      for (const write of later.splice(0)) write();
    },
  };
}

/** One turn of the real event loop after the act: all promises that can settle have settled by then. */
function after(act: () => void): Promise<void> {
  act();
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
