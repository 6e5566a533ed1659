import { beforeEach, expect, test } from "vitest";
import { bob, mallory } from "../../test/helpers/core.ts";
import { ban, leave, list, open, register, say, startMailbox, type TestMailbox } from "../../test/helpers/mailbox.ts";

/** Alice, who is operator, and bob are there in sessions 1 and 2. */
let m: TestMailbox;
beforeEach(() => {
  m = startMailbox();
});

test("DL-10 nobody hears of what isn't stored yet, and it isn't true yet", async () => {
  m.turnWith(open(3, mallory), register(3, "mallory"));
  expect(m.heardBy(3)).toEqual([]);
  expect(m.mailbox.state.claims.size).toBe(2);
  await m.ports.commits[0]?.succeed();
  expect(m.heardBy(3)).toEqual(["registered"]);
  expect(m.mailbox.state.claims.size).toBe(3);
});

test("DL-10 what needs no store is told in its turn, in one go", () => {
  const before = m.ports.deliveries.length;
  m.turnWith(say(1, "hello"), list(2), leave(2));
  expect(m.ports.commits).toEqual([]);
  expect(m.ports.deliveries).toHaveLength(before + 1);
  expect(m.heardBy(2)).toEqual(["registered", "broadcast", "list", "ended"]);
});

test("DL-10 what a commit released is told in one go", async () => {
  m.turnWith(open(3, mallory), register(3, "mallory"), say(3, "hello"), ban("carol"));
  const before = m.ports.deliveries.length;
  await m.ports.commits[0]?.succeed();
  expect(m.ports.deliveries).toHaveLength(before + 1);
  expect(m.heardBy(3)).toEqual(["registered", "broadcast-sent"]);
  expect(m.heardBy(1)).toEqual(["registered", "banned", "broadcast"]);
});

test("DL-11 the facts of one turn are one commit; sessions take turns, each in its order", () => {
  m.turnWith(ban("x"), open(3, mallory), register(3, "mallory"), { kind: "unban", session: 1, target: "x" });
  expect(m.ports.commits.map(({ facts }) => facts.map(({ kind }) => kind))).toEqual([
    ["ban-placed", "ban-lifted", "name-claimed"],
  ]);
});

test("DL-11 commands of one turn are decided one after another, each on what those before it will make true", async () => {
  m.turnWith(open(3, mallory), open(4, mallory), register(3, "new"), register(4, "NEW"));
  await m.ports.commits[0]?.succeed();
  expect(m.heardBy(3)).toEqual(["registered"]);
  expect(m.heardBy(4)).toEqual(["name-taken"]);
});

test("DL-11 posts ask for one turn together", () => {
  m.mailbox.post(list(1));
  m.mailbox.post(list(2));
  expect(m.ports.turnsDue).toBe(1);
});

test("DL-12 while one commit is on its way, the next batch gathers, over many turns", async () => {
  m.turnWith(ban("x"));
  m.turnWith(open(3, mallory));
  m.turnWith(register(3, "mallory"), ban("y"));
  expect(m.ports.commits).toHaveLength(1);
  await m.ports.commits[0]?.succeed();
  expect(m.ports.commits).toHaveLength(1);
  m.ports.turn();
  expect(m.ports.commits.map(({ facts }) => facts.map(({ kind }) => kind))).toEqual([
    ["ban-placed"],
    ["ban-placed", "name-claimed"],
  ]);
  expect(m.heardBy(3)).toEqual([]);
  await m.ports.commits[1]?.succeed();
  expect(m.heardBy(3)).toEqual(["registered"]);
});

test("DL-12 what gathers behind a commit is decided on what the commit made true", async () => {
  m.turnWith(open(3, mallory), ban("mallory"));
  m.turnWith(register(3, "mallory"));
  await m.ports.commits[0]?.succeed();
  m.ports.turn();
  expect(m.heardBy(3)).toEqual(["ended"]);
});

test("DL-13 a session's answers come in the order of its commands", async () => {
  m.turnWith(list(1), ban("x"), list(1), { kind: "check", needs: "nothing", session: 1 });
  expect(m.heardBy(1)).toEqual(["registered", "list"]);
  m.turnWith({ kind: "list-bans", session: 1 });
  expect(m.heardBy(1)).toEqual(["registered", "list"]);
  await m.ports.commits[0]?.succeed();
  m.ports.turn();
  expect(m.heardBy(1)).toEqual(["registered", "list", "banned", "list", "checked", "bans"]);
});

test("DL-13 a session's command waits behind one of its own that waits for another's commit", async () => {
  m.turnWith(ban("x"));
  m.turnWith(open(3, bob), say(3, "hello"), register(3, "new"), list(3));
  expect(m.heardBy(3)).toEqual([]);
  m.turnWith(list(3));
  expect(m.heardBy(3)).toEqual([]);
  await m.ports.commits[0]?.succeed();
  m.ports.turn();
  await m.ports.commits[1]?.succeed();
  m.ports.turn();
  expect(m.heardBy(3)).toEqual(["not-registered", "registered", "list", "list"]);
});

test("DL-14 live chat passes another's commit, in the same turn and in later ones", async () => {
  m.turnWith(ban("x"), say(2, "one"), { kind: "direct", session: 2, to: "alice", body: "aa|bb" });
  m.turnWith(say(2, "two"), list(2));
  expect(m.heardBy(2)).toEqual(["registered", "broadcast-sent", "direct-sent", "broadcast-sent", "list"]);
  expect(m.heardBy(1)).toEqual(["registered", "broadcast", "direct", "broadcast"]);
  await m.ports.commits[0]?.succeed();
  expect(m.heardBy(1)).toEqual(["registered", "broadcast", "direct", "broadcast", "banned"]);
});

test("DL-14 live chat sees nothing of what isn't stored yet", async () => {
  m.turnWith(open(3, mallory), register(3, "mallory"), list(2), say(2, "hello"));
  expect(m.ports.heardBy(2)).toContainEqual({ kind: "answer", answer: { kind: "list", names: ["alice", "bob"] } });
  await m.ports.commits[0]?.succeed();
  expect(m.heardBy(3)).toEqual(["registered"]);
});

test("DL-14 what changes the state waits for the commit, though it stores nothing itself", async () => {
  m.turnWith(ban("x"), leave(2));
  m.turnWith(open(3, mallory));
  expect(m.mailbox.state.sessions.size).toBe(2);
  await m.ports.commits[0]?.succeed();
  m.ports.turn();
  expect(m.mailbox.state.sessions.size).toBe(2);
  expect(m.heardBy(2)).toEqual(["registered", "ended"]);
});
