import { beforeEach, expect, test } from "vitest";
import { alice, bob, mallory, outcome, world, type World } from "../../test/helpers/core.ts";
import { valuesOf } from "./persistent-map.ts";
import { rosterOf } from "./roster.ts";

/** Alice is there as operator, in session 1; bob on two devices that share his name, in sessions 2 and 3. */
let w: World;
beforeEach(() => {
  w = world();
  w.join(1, alice, "alice", "owner");
  w.joinShared(2, bob, "Bob");
  w.joinShared(3, bob, "bob");
});

test("ID-53 sessions of one identity share a name, where their protocol has it so", () => {
  expect(w.state.sessions.size).toBe(3);
  expect(rosterOf(w.state)).toEqual({ names: ["alice", "Bob"], sessions: [1, 2, 3] });
  expect(new Set(valuesOf(w.state.sharing))).toEqual(new Set([2, 3]));
});

test("ID-53 a second exclusive session under a name is refused, whoever's", () => {
  expect(outcome(w.join(4, alice, "ALICE"))).toBe("refused: name-taken");
  expect(outcome(w.join(5, bob, "bob"))).toBe("session-registered");
  expect(outcome(w.join(6, bob, "bob"))).toBe("refused: name-taken");
});

test("ID-53 a shared session joins the exclusive one of its identity, and no other identity's", () => {
  expect(outcome(w.joinShared(4, alice, "alice"))).toBe("session-registered");
  expect(outcome(w.joinShared(5, mallory, "alice"))).toBe("refused: name-taken");
});

test("ID-53 a released name stays with who bears it, though another identity might claim it", () => {
  w.run({ kind: "release-name", name: "bob" });
  expect(outcome(w.joinShared(4, mallory, "bob"))).toBe("refused: name-taken");
  w.run({ kind: "end", session: 2, refusal: null });
  expect(outcome(w.run({ kind: "register", session: 4, name: "bob" }))).toBe("refused: name-taken");
  w.run({ kind: "end", session: 3, refusal: null });
  expect(outcome(w.run({ kind: "register", session: 4, name: "bob" }))).toBe("name-claimed, session-registered");
});

test("DL-2 a direct message reaches all sessions of its recipient", () => {
  const notice = { kind: "direct", from: "alice", body: "aa|bb" };
  expect(w.run({ kind: "direct", session: 1, to: "BOB", body: "aa|bb" }).heard).toEqual([
    { to: 2, notice },
    { to: 3, notice },
    { to: 1, notice: { kind: "direct-sent" } },
  ]);
  w.run({ kind: "end", session: 2, refusal: null });
  expect(w.run({ kind: "direct", session: 1, to: "bob", body: "aa|bb" }).heard).toHaveLength(2);
});

test("DL-1 what is said to all is heard on the other devices of who said it", () => {
  const { heard } = w.run({ kind: "broadcast", session: 2, text: "hello" });
  expect(heard.map(({ to, notice }) => `${to} ${notice.kind}`).toSorted()).toEqual([
    "1 broadcast",
    "2 broadcast-sent",
    "3 broadcast",
  ]);
});

test("MO-1 a kick ends all sessions under the name, and no other of that identity", () => {
  w.joinShared(4, bob, "robert");
  expect(outcome(w.run({ kind: "kick", session: 1, target: "bob" }))).toBe(
    "ended: kicked, ended: kicked, sent-away, answer: kicked",
  );
  expect(rosterOf(w.state).names).toEqual(["alice", "robert"]);
});

test("MO-3 a ban ends all sessions of the identity behind the name, each once", () => {
  w.joinShared(4, bob, "robert");
  w.run({ kind: "open", sharing: "shared", session: 5, identity: bob, grant: null });
  const { heard } = w.run({ kind: "ban", session: 1, target: "bob" });
  const ended = heard.filter(({ notice }) => notice.kind === "ended").map(({ to }) => to);
  expect(ended).toHaveLength(4);
  expect(new Set(ended)).toEqual(new Set([2, 3, 4, 5]));
  expect(w.state.sessions.size).toBe(1);
});

test("MO-5 nobody is kicked or banned of whose sessions one is an operator's", () => {
  w.run({ kind: "refresh-identity", session: 3, identity: bob, grant: "capability" });
  expect(outcome(w.run({ kind: "kick", session: 1, target: "bob" }))).toBe("refused: operator-immune");
  expect(outcome(w.run({ kind: "ban", session: 1, target: "bob" }))).toBe("refused: operator-immune");
});

test("MO-10 a reason is told to whom it meets, cut at 200 characters; others who share names hear whom it met", () => {
  w.joinShared(4, mallory, "mallory");
  const { heard } = w.run({ kind: "kick", session: 1, target: "bob", reason: "x".repeat(300) });
  const reason = "x".repeat(200);
  expect(heard).toContainEqual({ to: 2, notice: { kind: "ended", cause: { kind: "kicked", reason } } });
  expect(heard).toContainEqual({
    to: 4,
    notice: { kind: "sent-away", how: "kicked", name: "Bob", by: "alice", reason },
  });
  expect(heard).toContainEqual({ to: 1, notice: { kind: "answer", answer: { kind: "kicked", target: "bob" } } });
  const banned = w.run({ kind: "ban", session: 1, target: "mallory", reason: "" });
  expect(banned.heard).toContainEqual({ to: 4, notice: { kind: "ended", cause: { kind: "banned", reason: null } } });
});
