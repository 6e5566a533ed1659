import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { socketPair } from "../../../test/socket-pair.ts";
import type { Command } from "../../core/commands.ts";
import type { Decision } from "../../core/decision.ts";
import { LineConnection } from "../../net/line-connection.ts";
import { InputBudget } from "./input-budget.ts";
import type { Limits } from "./limits.ts";
import type { Protocol, ProtocolSession, SessionLink } from "./protocol.ts";
import { Session } from "./session.ts";
import { SlowReaders } from "./slow-readers.ts";
import { Unanswered } from "./unanswered.ts";
import { UnfinishedInput } from "./unfinished-input.ts";

const LIMITS: Limits = {
  messagesPerSecond: 0,
  input: 4096,
  inputOfAll: 1 << 20,
  slowOutput: 1 << 16,
  output: 1 << 20,
  outputOfAll: 1 << 24,
  stall: 5000,
  register: 10_000,
  unfinished: 4096,
  message: 60_000,
};

interface Scene {
  readonly session: Session;
  readonly client: { write(text: string): void; end(): void };
  readonly posted: Command[];
  /** Settles the oldest command that is under way. */
  readonly settle: () => void;
  /** Commands that were posted when so many have been. */
  readonly until: (count: number) => Promise<void>;
  readonly link: SessionLink;
  readonly stopped: () => number;
}

async function start(limits: Partial<Limits> = {}, input?: InputBudget): Promise<Scene> {
  const { client, accepted } = await socketPair();
  const posted: Command[] = [];
  const settles: ((decision: Decision) => void)[] = [];
  let link: SessionLink | null = null;
  let stops = 0;
  let news = Promise.withResolvers<void>();
  const protocol: Protocol = {
    sharing: "exclusive",
    setUpFactor: 1,
    connect: (socket, handler) => new LineConnection(socket, {}, handler),
    start: (session): ProtocolSession => {
      link = session;
      return {
        held: 0,
        onMessage: (line) => session.post({ kind: "broadcast", session: session.id, text: line.toString() }),
        onTooLong: () => {},
        hear: () => 0,
        flush: () => session.connection.flush(),
        onDrain: () => {},
        stop: () => void stops++,
        release: () => {},
      };
    },
    turnAway: () => {},
  };
  const all = { ...LIMITS, ...limits };
  const session = new Session(
    {
      id: 1,
      socket: accepted,
      identified: { kind: "known", identity: { kind: "local" }, grant: null, online: null, sharedIn: false },
      since: 0,
    },
    protocol,
    {
      limits: all,
      input: input ?? new InputBudget(all.inputOfAll),
      unfinished: new UnfinishedInput(all.unfinished),
      slowReaders: new SlowReaders(all),
      unanswered: new Unanswered(),
      post: (command, settle) => {
        posted.push(command);
        if (settle !== undefined) settles.push(settle);
        news.resolve();
        news = Promise.withResolvers();
      },
      now: () => performance.now(),
    },
    () => {},
  );
  if (link === null) throw new Error("the protocol was not started");
  return {
    session,
    client,
    posted,
    link,
    settle: () => settles.shift()?.({ kind: "unchanged" }),
    until: async (count) => {
      while (posted.length < count) await news.promise;
    },
    stopped: () => stops,
  };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("SE-7 over the bound of one session nothing more is read of it; all of it is, as the rest is done", async () => {
  const { client, posted, settle, until } = await start();
  // Each counts as 256 bytes, however short: sixteen fill the bound, and one more goes over it.
  client.write(Array.from({ length: 40 }, (_, number) => `${number}\n`).join(""));
  await until(17);
  const other = await start();
  for (let trip = 0; trip < 20; trip++) {
    other.client.write("x\n");
    await other.until(trip + 1);
    other.settle();
  }
  expect(posted).toHaveLength(17);
  for (let done = 0; done < 8; done++) settle();
  expect(posted).toHaveLength(17);
  for (let number = 17; number < 40; number++) {
    settle();
    await until(Math.min(40, number));
  }
  while (posted.length < 40) {
    settle();
    await new Promise((resolve) => void setImmediate(resolve));
  }
  expect(posted.map((command) => (command.kind === "broadcast" ? command.text : ""))).toEqual(
    Array.from({ length: 40 }, (_, number) => `${number}`),
  );
});

test("SE-6 who is faster than the rate is read more slowly, and nothing is lost", async () => {
  const { client, posted, settle, until } = await start({ messagesPerSecond: 20, input: 1 << 20 });
  client.write("x\n".repeat(500));
  await until(401);
  const other = await start();
  other.client.write("x\n");
  await other.until(1);
  expect(posted).toHaveLength(401);
  for (let number = 401; number < 500; number++) {
    vi.advanceTimersByTime(10);
    await until(number + 1);
    settle();
  }
  expect(posted).toHaveLength(500);
});

test("SC-28 the time for a name, and again for what else the protocol asks; who talks has none", async () => {
  const nameless = await start();
  vi.advanceTimersByTime(9_999);
  expect(nameless.posted).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(nameless.posted).toEqual([{ kind: "end", session: 1, refusal: { reason: "timed-out" } }]);

  const talking = await start();
  talking.session.hear({ kind: "registered", name: "alice", operator: false });
  talking.link.ready();
  vi.advanceTimersByTime(1_000_000);
  expect(talking.posted).toEqual([]);
  talking.session.hear({ kind: "ended", cause: { kind: "kicked", reason: null } });
  expect(talking.stopped()).toBe(1);
});

test("SE-14 what has come of a message counts as input, and is given back when it is whole or the connection closes", async () => {
  const input = new InputBudget(1 << 20);
  const { session } = await start({}, input);
  session.onUnfinished(1000);
  session.onUnfinished(3000);
  expect(input.used).toBe(3000);
  session.onUnfinished(0);
  expect(input.used).toBe(0);
  session.onUnfinished(500);
  session.onClose("left");
  expect(input.used).toBeLessThan(500);
});

test("SE-14 the deadline runs from a message's first byte to its last, and ends the session", async () => {
  const { session, posted } = await start({ message: 30_000, register: 100_000 });
  session.onUnfinished(1);
  vi.advanceTimersByTime(29_999);
  session.onMessage(Buffer.from("whole"));
  session.onUnfinished(1);
  vi.advanceTimersByTime(29_999);
  session.onUnfinished(2);
  expect(posted.filter(({ kind }) => kind === "end")).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(posted.at(-1)).toEqual({ kind: "end", session: 1, refusal: { reason: "timed-out" } });
});
