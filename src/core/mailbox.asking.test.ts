import { beforeEach, expect, test } from "vitest";
import { ban, list, startMailbox, type TestMailbox } from "../../test/helpers/mailbox.ts";

/** Alice, who is operator, and bob are there in sessions 1 and 2. */
let m: TestMailbox;
beforeEach(() => {
  m = startMailbox();
});

test("DL-16 who asks is told what became of it after the commit, not before", async () => {
  const asked = m.mailbox.ask({ kind: "release-name", name: "bob" });
  m.ports.turn();
  const settled: string[] = [];
  void asked.then(() => settled.push("settled"));
  await Promise.resolve();
  expect(settled).toEqual([]);
  await m.ports.commits[0]?.succeed();
  expect(settled).toEqual(["settled"]);
  expect(await asked).toEqual({ kind: "done", events: [{ kind: "name-released", name: "bob" }] });
});

test("DL-16 who asks is told when it could not be stored", async () => {
  const asked = m.mailbox.ask({ kind: "release-name", name: "bob" });
  m.ports.turn();
  await m.ports.commits[0]?.fail(new Error("disk full"));
  expect(await asked).toEqual({ kind: "refused", refusal: { reason: "storage-failed" } });
  expect(m.mailbox.state.claims.size).toBe(2);
});

test("DL-16 who asks for what needs no store is told in the same turn", async () => {
  const asked = m.mailbox.ask({ kind: "release-name", name: "nobody" });
  m.ports.turn();
  expect(await asked).toEqual({ kind: "refused", refusal: { reason: "target-not-found", target: "nobody" } });
  expect(m.ports.commits).toEqual([]);
});

test("DL-16 whoever posts is told what became of each command before any session hears of it", async () => {
  const order: string[] = [];
  m = startMailbox({}, { outbox: { deliver: () => void order.push("told") } });
  order.length = 0;
  const settle = (): void => void order.push("settled");
  m.mailbox.post(list(1), settle);
  m.mailbox.post(ban("x"), settle);
  m.ports.turn();
  expect(order).toEqual(["settled", "told"]);
  await m.ports.commits[0]?.succeed();
  m.mailbox.post(ban("y"), settle);
  m.ports.turn();
  await m.ports.commits[1]?.fail(new Error("disk full"));
  expect(order).toEqual(["settled", "told", "settled", "told", "settled", "told"]);
});

test("DL-17 the mailbox is idle when nothing waits and nothing is being stored", async () => {
  const seen: string[] = [];
  m.turnWith(ban("x"));
  void m.mailbox.idle().then(() => seen.push("idle"));
  m.turnWith(ban("y"));
  await m.ports.commits[0]?.succeed();
  m.ports.turn();
  expect(seen).toEqual([]);
  await m.ports.commits[1]?.succeed();
  expect(seen).toEqual(["idle"]);
});

test("DL-17 a mailbox with nothing to do is idle at its next turn", async () => {
  const idle = m.mailbox.idle();
  m.ports.turn();
  await idle;
  expect(m.ports.turnsDue).toBe(0);
});

test("DL-17 it is idle again after a failed commit", async () => {
  m.turnWith(ban("x"));
  const idle = m.mailbox.idle();
  m.ports.turn();
  await m.ports.commits[0]?.fail(new Error("disk full"));
  await idle;
});

test("DL-18 what is posted while notices go out comes in a later turn", async () => {
  const settled: string[] = [];
  let reaction: string | null = null;
  const settle = (name: string) => () => void settled.push(name);
  const release = { kind: "release-name", name: "bob" } as const;
  m = startMailbox({}, { outbox: { deliver: () => reaction !== null && m.mailbox.post(release, settle(reaction)) } });
  m.turnWith(ban("x"));
  m.mailbox.post(ban("y"), settle("waited"));
  m.ports.turn();
  reaction = "reaction";
  await m.ports.commits[0]?.succeed();
  reaction = null;
  expect(settled).toEqual([]);
  m.ports.turn();
  await m.ports.commits[1]?.succeed();
  expect(settled.toSorted()).toEqual(["reaction", "waited"]);
});

test("DL-20 who bans and leaves in one breath is told that nothing was done, not that it was", async () => {
  const outcomes: string[] = [];
  m.mailbox.post({ kind: "end", session: 1, refusal: null });
  m.mailbox.post(ban("bob"), ({ kind }) => void outcomes.push(kind));
  m.mailbox.post({ kind: "tailscaled-seen" }, ({ kind }) => void outcomes.push(kind));
  m.ports.turn();
  expect(outcomes.toSorted()).toEqual(["session-gone", "unchanged"]);
  expect(m.ports.commits).toEqual([]);
});
