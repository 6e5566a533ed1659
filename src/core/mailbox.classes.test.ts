import { expect, test } from "vitest";
import { fakePorts, type FakePorts } from "../../test/fakes/mailbox-ports.ts";
import { emptyShelves, shelfRules, type ShelfCommand, type ShelfDomain } from "../../test/helpers/shelf.ts";
import { DEFAULT_LIMITS, Mailbox, type MailboxLimits } from "./mailbox.ts";

interface Scene {
  readonly mailbox: Mailbox<ShelfDomain>;
  readonly ports: FakePorts<ShelfDomain>;
  readonly post: (...commands: readonly ShelfCommand[]) => void;
  readonly heardBy: (session: number) => readonly string[];
}

function scene(limits: Partial<MailboxLimits> = {}): Scene {
  const ports = fakePorts<ShelfDomain>();
  const mailbox = new Mailbox<ShelfDomain>(shelfRules, emptyShelves, ports, { ...DEFAULT_LIMITS, ...limits });
  return {
    mailbox,
    ports,
    post: (...commands) => {
      for (const command of commands) mailbox.post(command);
    },
    heardBy: (session) => ports.heardBy(session).map(({ says }) => says),
  };
}

const put = (session: number, shelf = "a"): ShelfCommand => ({ kind: "put", session, shelf, id: 0 });
const take = (session: number, shelf = "a"): ShelfCommand => ({ kind: "take", session, shelf, id: 0 });
const look = (session: number): ShelfCommand => ({ kind: "look", session, id: 0 });
const mark = (session: number, at: number): ShelfCommand => ({ kind: "mark", session, at, id: 0 });
const entry = (number: number) => ({ number, body: new Uint8Array([0, 0, 0, number]) });

test("DL-25 a fact and the entry of a log that belong together are in one commit, and told after it", async () => {
  const { ports, post, heardBy } = scene();
  post(put(1), put(1), put(2));
  ports.turn();
  expect(ports.commits).toHaveLength(1);
  expect(ports.commits[0]?.appends).toEqual(
    [1, 2, 3].map((number) => Object.assign(entry(number), { log: "a", lasting: false })),
  );
  expect(ports.commits[0]?.facts).toHaveLength(3);
  expect(heardBy(1)).toEqual([]);
  await ports.commits[0]?.succeed();
  expect(heardBy(1)).toEqual(["put 1", "put 3"]);
  expect(heardBy(2)).toEqual(["put 2"]);
});

test("DL-23 what has to be read first delays its own session and no other", async () => {
  const { ports, post, heardBy } = scene();
  post(put(1), put(1));
  ports.turn();
  await ports.commits[0]?.succeed();
  post(take(1), look(1), look(2), put(2, "b"));
  ports.turn();
  expect(heardBy(1)).toEqual(["put 1", "put 2"]);
  expect(heardBy(2)).toEqual(["2 notes"]);
  await ports.commits[1]?.succeed();
  expect(heardBy(2)).toEqual(["2 notes", "put 1"]);
  expect(ports.reads.map(({ range }) => range)).toEqual([{ log: "a", after: 0, limit: 3, bytes: 1000 }]);
  await ports.reads[0]?.answer([entry(1), entry(2)]);
  ports.turn();
  await ports.commits[2]?.succeed();
  ports.turn();
  expect(heardBy(1)).toEqual(["put 1", "put 2", "took 1", "3 notes"]);
});

test("DL-23 two who want the same get one each, whatever they had read", async () => {
  const { ports, post, heardBy } = scene();
  post(put(1), put(1));
  ports.turn();
  await ports.commits[0]?.succeed();
  post(take(2), take(3));
  ports.turn();
  await ports.reads[0]?.answer([entry(1)]);
  await ports.reads[1]?.answer([entry(1)]);
  ports.turn();
  await ports.commits[1]?.succeed();
  ports.turn();
  expect(ports.reads[2]?.range.after).toBe(1);
  await ports.reads[2]?.answer([entry(2)]);
  ports.turn();
  await ports.commits[2]?.succeed();
  expect([heardBy(2), heardBy(3)]).toEqual([["took 1"], ["took 2"]]);
});

test("DL-23 what can't be read is refused, and the session goes on", async () => {
  const { ports, post, heardBy } = scene();
  post(put(1));
  ports.turn();
  await ports.commits[0]?.succeed();
  post(take(2), look(2));
  ports.turn();
  await ports.reads[0]?.fail(new Error("gone"));
  ports.turn();
  expect(heardBy(2)).toEqual(["storage-failed", "1 notes"]);
  expect(ports.failures).toEqual([new Error("gone")]);
});

test("DL-23 what is never enough is refused in the end", async () => {
  const { ports, post, heardBy } = scene();
  post(put(1));
  ports.turn();
  await ports.commits[0]?.succeed();
  post(take(2));
  for (let i = 0; i < 100 && heardBy(2).length === 0; i++) {
    ports.turn();
    await ports.reads[i]?.answer([]);
  }
  expect(heardBy(2)).toEqual(["busy"]);
  expect(ports.reads).toHaveLength(16);
});

test("DL-23 only so many commands have their readings in memory or on the way", async () => {
  const { ports, post, heardBy } = scene({ reads: 2 });
  const sessions = [1, 2, 3, 4, 5];
  post(...sessions.map((session) => put(session, `shelf ${session}`)));
  ports.turn();
  await ports.commits[0]?.succeed();
  post(...sessions.map((session) => take(session, `shelf ${session}`)));
  ports.turn();
  for (let answered = 0; answered < 5; answered++) {
    expect(ports.reads.length - answered).toBeLessThanOrEqual(2);
    await ports.reads[answered]?.answer([entry(1)]);
    ports.turn();
    await ports.commits[answered + 1]?.succeed();
  }
  for (const session of sessions) expect(heardBy(session)).toEqual(["put 1", "took 1"]);
});

test("DL-24 what is lazy holds at once, and what is being stored knows of it, too", async () => {
  const { mailbox, ports, post, heardBy } = scene();
  post(put(1));
  ports.turn();
  post(mark(2, 5));
  ports.turn();
  expect(heardBy(2)).toEqual(["marked"]);
  expect(mailbox.state.marks).toEqual({ 2: 5 });
  await ports.commits[0]?.succeed();
  expect(mailbox.state.marks).toEqual({ 2: 5 });
  expect(ports.commits).toHaveLength(1);
});

test("DL-24 of what is lazy the latest of each key is written, later or with the next commit", async () => {
  const { ports, post } = scene();
  post(mark(1, 1), mark(1, 7), mark(2, 3));
  ports.turn();
  ports.turn();
  expect(ports.commits).toEqual([]);
  ports.laterIsNow();
  ports.turn();
  expect(ports.commits[0]?.facts).toEqual([
    { kind: "marked", session: 1, at: 7 },
    { kind: "marked", session: 2, at: 3 },
  ]);
  await ports.commits[0]?.succeed();
  post(mark(1, 9), put(2));
  ports.turn();
  expect(ports.commits[1]?.facts.map(({ kind }) => kind)).toEqual(["marked", "count"]);
  await ports.commits[1]?.succeed();
  ports.laterIsNow();
  ports.turn();
  expect(ports.commits).toHaveLength(2);
});

test("DL-24 what is lazy and could not be written is tried again, unless something newer has come", async () => {
  const { mailbox, ports, post } = scene();
  post(mark(1, 1), mark(2, 2));
  ports.turn();
  ports.laterIsNow();
  ports.turn();
  post(mark(1, 8));
  ports.turn();
  await ports.commits[0]?.fail(new Error("disk full"));
  expect(mailbox.state.marks).toEqual({ 1: 8, 2: 2 });
  ports.laterIsNow();
  ports.turn();
  expect(ports.commits[1]?.facts).toEqual([
    { kind: "marked", session: 1, at: 8 },
    { kind: "marked", session: 2, at: 2 },
  ]);
});

test("DL-24 a lazy command behind its session's commit holds though that commit fails", async () => {
  const { mailbox, ports, post, heardBy } = scene();
  post(put(1), mark(1, 4));
  ports.turn();
  await ports.commits[0]?.fail(new Error("disk full"));
  expect(heardBy(1)).toEqual(["storage-failed", "marked"]);
  expect(mailbox.state.marks).toEqual({ 1: 4 });
});

test("DL-17 who waits for the mailbox to be idle waits for what is lazy, but not for a disk that fails", async () => {
  const { mailbox, ports, post } = scene();
  let idle = 0;
  post(mark(1, 1));
  ports.turn();
  void mailbox.idle().then(() => idle++);
  ports.turn();
  expect(ports.commits).toHaveLength(1);
  await ports.commits[0]?.fail(new Error("disk full"));
  ports.turn();
  await Promise.resolve();
  expect(idle).toBe(1);
});

test("DL-17 what a commit that doesn't end holds can be told", async () => {
  const { mailbox, ports, post } = scene();
  expect(mailbox.underWay).toBe(null);
  post(put(1), look(1), look(1));
  ports.turn();
  post(put(2));
  ports.turn();
  expect(mailbox.underWay).toEqual({
    facts: [{ kind: "count", shelf: "a", last: 1, taken: 0 }],
    appends: 1,
    commands: 4,
  });
  await ports.commits[0]?.succeed();
  expect(mailbox.underWay).toBe(null);
});
