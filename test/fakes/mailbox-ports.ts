import type { Fact, SessionId } from "../../src/core/events.ts";
import type { MailboxPorts } from "../../src/core/mailbox.ts";
import type { Notice } from "../../src/core/notices.ts";
import type { Delivery } from "../../src/core/ports.ts";
import { oneByOne } from "../helpers/core.ts";

/** A commit that has been asked for. The test says how it goes; both resolve when all that follows from it has happened. */
interface FakeCommit {
  readonly facts: readonly Fact[];
  succeed(): Promise<void>;
  fail(cause: unknown): Promise<void>;
}

export interface FakePorts extends MailboxPorts {
  /** Every commit that was ever asked for. */
  readonly commits: readonly FakeCommit[];
  /** Each call of the outbox. */
  readonly deliveries: readonly (readonly Delivery[])[];
  readonly failures: readonly unknown[];
  /** All that a session was told, in its order. */
  heardBy(session: SessionId): readonly Notice[];
  /** How many turns the mailbox waits for: never more than one. */
  readonly turnsDue: number;
  /** Lets the awaited turn come. */
  turn(): void;
}

/**
 * Fakes of all that the mailbox needs: a store whose commits end when and as the test says, an outbox that writes down
 * what it is given, an event loop that turns when the test turns it, a clock that stands.
 */
export function fakePorts(): FakePorts {
  const commits: FakeCommit[] = [];
  const deliveries: (readonly Delivery[])[] = [];
  const failures: unknown[] = [];
  const due: (() => void)[] = [];
  return {
    commits,
    deliveries,
    failures,
    store: {
      load: () => Promise.reject(new Error("the mailbox loads nothing")),
      close: () => Promise.reject(new Error("the mailbox closes nothing")),
      read: () => Promise.resolve([]),
      commit({ facts }) {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        commits.push({
          facts,
          succeed() {
            resolve();
            return afterwards();
          },
          fail(cause) {
            reject(cause);
            return afterwards();
          },
        });
        return promise;
      },
    },
    outbox: { deliver: (all) => void deliveries.push(all) },
    clock: { wall: () => 1000 },
    nextTurn: (turn) => void due.push(turn),
    onStoreFailure: (cause) => void failures.push(cause),
    heardBy(session) {
      return oneByOne(deliveries.flat())
        .filter(({ to }) => to === session)
        .map(({ notice }) => notice);
    },
    get turnsDue() {
      return due.length;
    },
    turn() {
      for (const turn of due.splice(0)) turn();
    },
  };
}

/** One turn of the real event loop: all promises that can settle have settled by then. */
function afterwards(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
