import { beforeEach, expect, test } from "vitest";
import { bob, mallory } from "../../test/helpers/core.ts";
import { ban, leave, list, open, register, say, startMailbox, type TestMailbox } from "../../test/helpers/mailbox.ts";
import type { Notice } from "./notices.ts";

/** Alice, who is operator, and bob are there in sessions 1 and 2. */
let m: TestMailbox;
beforeEach(() => {
  m = startMailbox();
});

test("DL-15 when the store fails, what needed it is refused and nothing of it holds", async () => {
  m.turnWith(open(3, mallory), register(3, "mallory"), ban("bob"));
  await m.ports.commits[0]?.fail(new Error("disk full"));
  expect(m.heardBy(3)).toEqual(["storage-failed"]);
  expect(m.heardBy(1)).toEqual(["registered", "storage-failed"]);
  expect(m.heardBy(2)).toEqual(["registered"]);
  expect([m.mailbox.state.claims.size, m.mailbox.state.bans.size, m.mailbox.state.online.size]).toEqual([2, 0, 2]);
  expect(m.ports.failures).toEqual([new Error("disk full")]);
});

test("DL-15 when the store fails, what stood on it is decided anew", async () => {
  m.turnWith(open(3, mallory), register(3, "mallory"), say(3, "hello"), list(3));
  await m.ports.commits[0]?.fail(new Error("disk full"));
  expect(m.heardBy(3)).toEqual(["storage-failed", "not-registered", "not-registered"]);
  expect(m.heardBy(1)).toEqual(["registered"]);
});

test("DL-15 when the store fails, what needed none holds: a connection that has gone is gone", async () => {
  m.turnWith(open(3, bob), ban("x"), leave(2));
  await m.ports.commits[0]?.fail(new Error("disk full"));
  expect(m.heardBy(2)).toEqual(["registered", "ended"]);
  expect([m.mailbox.state.sessions.size, m.mailbox.state.online.size]).toEqual([2, 1]);
});

test("DL-15 when the store fails, an operator can still kick", async () => {
  m.turnWith(ban("bob"), { kind: "kick", session: 1, target: "bob" });
  await m.ports.commits[0]?.fail(new Error("disk full"));
  expect(m.heardBy(1)).toEqual(["registered", "storage-failed", "kicked"]);
  expect(ended(m.ports.heardBy(2))).toEqual(["kicked"]);
});

test("DL-15 after a failure the next commit is tried as if nothing had been", async () => {
  m.turnWith(ban("x"));
  m.turnWith(ban("y"));
  await m.ports.commits[0]?.fail(new Error("disk full"));
  m.ports.turn();
  await m.ports.commits[1]?.succeed();
  expect(m.heardBy(1)).toEqual(["registered", "storage-failed", "banned"]);
  expect(m.ports.commits[1]?.facts.map(({ kind }) => kind)).toEqual(["ban-placed"]);
});

test("ID-45 that there is a tailscaled holds, whatever the disk says", async () => {
  m = startMailbox({ tailscaledSeen: false });
  m.turnWith(leave(1), leave(2), { kind: "tailscaled-presence", present: true }, { kind: "tailscaled-seen" });
  await m.ports.commits[0]?.fail(new Error("disk full"));
  m.turnWith(open(3, bob), register(3, "bob"));
  expect(m.ports.heardBy(3)).toEqual([{ kind: "registered", name: "bob", operator: false }]);
});

function ended(notices: readonly Notice[]): readonly string[] {
  return notices.flatMap((notice) => (notice.kind === "ended" ? notice.cause.kind : []));
}
