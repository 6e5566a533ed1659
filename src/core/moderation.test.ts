import { beforeEach, expect, test } from "vitest";
import { alice, backup, local, mallory, outcome, phone, world, type World } from "../../test/helpers/core.ts";
import type { Command } from "./commands.ts";

const kick = (target: string): Command => ({ kind: "kick", session: 1, target });
const ban = (target: string): Command => ({ kind: "ban", session: 1, target });
const unban = (target: string): Command => ({ kind: "unban", session: 1, target });
const leave = (session: number): Command => ({ kind: "end", session, refusal: null });

/** Alice is operator in session 1, Mallory is there in session 2. */
let w: World;
beforeEach(() => {
  w = world();
  w.join(1, alice, "alice", "owner");
  w.join(2, mallory, "mallory");
});

test("MO-1 a kick ends the session, says so to both, and keeps nobody from coming back", () => {
  expect(w.run(kick("Mallory")).heard).toEqual([
    { to: 2, notice: { kind: "ended", cause: { kind: "kicked", reason: null } } },
    { to: 1, notice: { kind: "answer", answer: { kind: "kicked", target: "Mallory" } } },
  ]);
  expect(outcome(w.join(3, mallory, "mallory"))).toBe("session-registered");
});

test("MO-1 a kick ends one session, not its identity's others", () => {
  w.join(3, mallory, "other");
  w.run(kick("mallory"));
  expect(outcome(w.run({ kind: "list", session: 3 }))).toBe("answer: list");
});

test("MO-1 nobody can be kicked who isn't there", () => {
  expect(w.run(kick("nobody")).decision).toEqual({
    kind: "refused",
    refusal: { reason: "target-not-found", target: "nobody" },
  });
  w.run(leave(2));
  expect(outcome(w.run(kick("mallory")))).toBe("refused: target-not-found");
});

test("MO-2 a ban holds on the name in any case, also under another identity", () => {
  expect(w.run(ban("Mallory")).heard).toEqual([
    { to: 2, notice: { kind: "ended", cause: { kind: "banned", reason: null } } },
    { to: 1, notice: { kind: "answer", answer: { kind: "banned", target: "Mallory" } } },
  ]);
  const refused = w.join(3, backup, "MALLORY");
  expect(refused.heard).toEqual([
    { to: 3, notice: { kind: "ended", cause: { kind: "refused", refusal: { reason: "you-are-banned" } } } },
  ]);
});

test("MO-2 a name can be banned that nobody bears or ever bore", () => {
  expect(outcome(w.run(ban("nobody")))).toBe("ban-placed, answer: banned");
  expect(outcome(w.join(3, backup, "Nobody"))).toBe("ended: you-are-banned");
});

test("MO-2 the ban says whom, by whom and when", () => {
  w.run(ban("mallory"));
  expect(w.facts.at(-1)).toEqual({
    kind: "ban-placed",
    ban: { name: "mallory", identity: mallory, by: "alice", bannedAt: 1000 },
  });
});

test("MO-2 what can't be a name can't be banned", () => {
  expect(outcome(w.run(ban("ALL")))).toBe("refused: invalid-name");
  expect(outcome(w.run(ban("x:")))).toBe("refused: invalid-name");
});

test("MO-3 a ban holds on the identity behind the name: another name doesn't help", () => {
  w.run(ban("mallory"));
  expect(outcome(w.join(3, mallory, "innocent"))).toBe("ended: you-are-banned");
  expect(outcome(w.join(4, backup, "innocent"))).toBe("name-claimed, session-registered");
});

test("MO-3 a ban ends all sessions of the identity, registered or not", () => {
  w.join(3, mallory, "other");
  w.run({ kind: "open", sharing: "exclusive", session: 4, identity: mallory, grant: null });
  w.join(5, backup, "backup");
  const ended = w.run(ban("other")).heard.filter(({ notice }) => notice.kind === "ended");
  expect(new Set(ended.map(({ to }) => to))).toEqual(new Set([2, 3, 4]));
});

test("MO-3 a ban reaches the identity that claimed the name when nobody bears it", () => {
  w.run(leave(2));
  w.join(3, mallory, "other");
  expect(w.run(ban("mallory")).heard).toContainEqual({
    to: 3,
    notice: { kind: "ended", cause: { kind: "banned", reason: null } },
  });
  expect(outcome(w.join(4, mallory, "third"))).toBe("ended: you-are-banned");
});

test("MO-3 where no tailscaled exists a ban reaches the address", () => {
  w.join(3, phone, "phone");
  w.run(ban("phone"));
  expect(outcome(w.join(4, phone, "other"))).toBe("ended: you-are-banned");
});

test("MO-3 banning a name once more doesn't let go of the identity", () => {
  w.run(ban("mallory"));
  w.run({ kind: "release-name", name: "mallory" });
  w.run(ban("mallory"));
  expect(outcome(w.join(3, mallory, "other"))).toBe("ended: you-are-banned");
});

test("MO-4 a ban on somebody local holds on the name alone and ends that session alone", () => {
  w.join(3, local, "box");
  w.join(4, local, "other");
  expect(w.run(ban("box")).heard.filter(({ notice }) => notice.kind === "ended")).toHaveLength(1);
  expect(outcome(w.run({ kind: "list", session: 4 }))).toBe("answer: list");
  expect(outcome(w.join(5, local, "third"))).toBe("name-claimed, session-registered");
  expect(outcome(w.join(6, local, "box"))).toBe("ended: you-are-banned");
});

test("MO-7 unban lifts the ban on the name and on the identity", () => {
  w.run(ban("mallory"));
  expect(w.run(unban("MALLORY")).heard).toEqual([
    { to: 1, notice: { kind: "answer", answer: { kind: "unbanned", target: "MALLORY" } } },
  ]);
  expect(outcome(w.join(3, mallory, "other"))).toBe("name-claimed, session-registered");
  expect(outcome(w.join(4, mallory, "mallory"))).toBe("session-registered");
});

test("MO-7 unban lifts one ban, not another on the same identity", () => {
  w.join(3, mallory, "other");
  w.run(leave(3));
  w.run(ban("mallory"));
  w.run(ban("other"));
  w.run(unban("mallory"));
  expect(outcome(w.join(4, mallory, "mallory"))).toBe("ended: you-are-banned");
  w.run(unban("other"));
  expect(outcome(w.join(5, mallory, "mallory"))).toBe("session-registered");
});

test("MO-7 who isn't banned can't be unbanned", () => {
  expect(w.run(unban("mallory")).decision).toEqual({
    kind: "refused",
    refusal: { reason: "not-banned", target: "mallory" },
  });
});

test("MO-8 the list of bans is sorted without regard to case and has each name once", () => {
  for (const name of ["zoe", "Bert", "anna", "bert"]) w.run(ban(name));
  expect(w.run({ kind: "list-bans", session: 1 }).heard).toEqual([
    { to: 1, notice: { kind: "answer", answer: { kind: "bans", names: ["anna", "bert", "zoe"], reasons: [] } } },
  ]);
});

test("MO-9 bans and unbans outlive a restart", () => {
  for (const name of ["mallory", "anna", "zoe"]) w.run(ban(name));
  w.run(unban("ANNA"));
  const later = w.restarted();
  later.join(1, alice, "alice", "owner");
  expect(later.run({ kind: "list-bans", session: 1 }).heard).toEqual([
    { to: 1, notice: { kind: "answer", answer: { kind: "bans", names: ["mallory", "zoe"], reasons: [] } } },
  ]);
  expect(outcome(later.join(2, mallory, "renamed"))).toBe("ended: you-are-banned");
});

test("MO-11 a ban's reason outlives a restart, and is told to whom it keeps out, under whatever name", () => {
  w.run({ kind: "ban", session: 1, target: "mallory", reason: "spam" });
  const later = w.restarted();
  for (const [session, name] of [
    [1, "mallory"],
    [2, "other"],
  ] as const) {
    expect(later.join(session, mallory, name).heard).toEqual([
      {
        to: session,
        notice: { kind: "ended", cause: { kind: "refused", refusal: { reason: "you-are-banned", because: "spam" } } },
      },
    ]);
  }
});
