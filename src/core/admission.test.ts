import { expect, test } from "vitest";
import { alice, backup, bob, groundOf, local, mallory, outcome, phone, world } from "../../test/helpers/core.ts";
import type { Command } from "./commands.ts";
import type { Identity, OperatorGrant } from "./identity.ts";

const open = (session: number, identity: Identity): Command => ({
  kind: "open",
  sharing: "exclusive",
  session,
  identity,
  grant: null,
});
const leave = (session: number): Command => ({ kind: "end", session, refusal: null });

test("ID-38 a full server lets nobody in, and says so", () => {
  const w = world({ maxSessions: 2 });
  w.run(open(1, alice));
  w.run(open(2, local));
  expect(outcome(w.run(open(3, bob)))).toBe("ended: server-full");
  expect(outcome(w.run(open(4, local)))).toBe("ended: server-full");
  w.run(leave(1));
  expect(outcome(w.run(open(5, bob)))).toBe("session-opened");
});

test("ID-38 one identity has so many sessions and no more, registered or not", () => {
  const w = world({ maxSessionsPerIdentity: 2 });
  w.join(1, alice, "alice");
  w.run(open(2, { kind: "person", login: "ALICE@example.com" }));
  expect(outcome(w.run(open(3, alice)))).toBe("ended: server-full");
  expect(outcome(w.run(open(4, bob)))).toBe("session-opened");
  w.run(leave(1));
  expect(outcome(w.run(open(5, alice)))).toBe("session-opened");
  expect(outcome(w.run(open(6, alice)))).toBe("ended: server-full");
});

test("ID-38 what is local has no limit by identity", () => {
  const w = world({ maxSessionsPerIdentity: 1 });
  w.run(open(1, local));
  expect(outcome(w.run(open(2, local)))).toBe("session-opened");
});

test("ID-38 who was not let in holds no place", () => {
  const w = world({ maxSessionsPerIdentity: 1 });
  w.run(open(1, alice));
  w.run(open(2, alice));
  w.run(leave(2));
  expect(outcome(w.run(open(3, alice)))).toBe("ended: server-full");
});

test("ID-39 a session registers once", () => {
  const w = world();
  w.join(1, alice, "alice");
  expect(outcome(w.run({ kind: "register", session: 1, name: "other" }))).toBe("refused: already-registered");
  expect(w.run({ kind: "list", session: 1 }).heard).toEqual([
    { to: 1, notice: { kind: "answer", answer: { kind: "list", names: ["alice"] } } },
  ]);
});

test("ID-39 after a refused name the session may try another", () => {
  const w = world();
  w.join(1, alice, "ALL");
  expect(w.run({ kind: "register", session: 1, name: "alice" }).heard).toEqual([
    { to: 1, notice: { kind: "registered", name: "alice", operator: false } },
  ]);
});

const others: readonly Identity[] = [mallory, backup, phone, local];
test.each(others)("ID-40 a peer of alice's that the tailnet now calls a $kind must come again", (identity) => {
  const w = world();
  w.join(1, alice, "alice", "owner");
  const step = w.run({ kind: "refresh-identity", session: 1, identity, grant: "owner" });
  expect(step.heard).toEqual([
    { to: 1, notice: { kind: "ended", cause: { kind: "refused", refusal: { reason: "not-a-member" } } } },
  ]);
});

test.each([phone, local])(
  "ID-40 who came in as $kind, vouched for by nobody, stays that and gains nothing",
  (identity) => {
    const w = world({ operators: ["login:alice@example.com"] });
    w.join(1, identity, "box");
    expect(outcome(w.run({ kind: "refresh-identity", session: 1, identity: alice, grant: "owner" }))).toBe("unchanged");
    expect(groundOf(w, 1)).toBe(null);
  },
);

test("ID-40 a peer that is still who it was goes on undisturbed", () => {
  const w = world();
  w.join(1, backup, "backup");
  const renamed: Identity = { ...backup, label: "other", tags: [...backup.tags, "tag:new"] };
  expect(outcome(w.run({ kind: "refresh-identity", session: 1, identity: renamed, grant: null }))).toBe(
    "session-refreshed",
  );
});

interface Change {
  readonly from: OperatorGrant | null;
  readonly to: OperatorGrant | null;
  readonly told: readonly boolean[];
}
test.each<Change>([
  { from: null, to: "capability", told: [true] },
  { from: "capability", to: null, told: [false] },
  { from: "owner", to: "capability", told: [] },
  { from: null, to: null, told: [] },
])("ID-44 from $from to $to: the right follows the tailnet's answer at once, and is told when it changes", (change) => {
  const w = world();
  w.join(1, alice, "alice", change.from ?? undefined);
  const step = w.run({ kind: "refresh-identity", session: 1, identity: alice, grant: change.to });
  expect(step.heard).toEqual(
    change.told.map((operator) => ({ to: 1, notice: { kind: "operator-changed", operator } })),
  );
  expect(groundOf(w, 1)).toBe(change.to);
  expect(outcome(w.run({ kind: "list-bans", session: 1 }))).toBe(
    change.to === null ? "refused: not-operator" : "answer: bans",
  );
});

test("ID-44 what the tailnet says before a session registers counts when it does", () => {
  const w = world();
  w.run(open(1, alice));
  expect(w.run({ kind: "refresh-identity", session: 1, identity: alice, grant: "owner" }).heard).toEqual([]);
  expect(w.run({ kind: "register", session: 1, name: "alice" }).heard).toEqual([
    { to: 1, notice: { kind: "registered", name: "alice", operator: true } },
  ]);
});

test("ID-44 the configuration's right stays when the tailnet's goes", () => {
  const w = world({ operators: ["alice@example.com"] });
  w.join(1, alice, "alice", "owner");
  expect(w.run({ kind: "refresh-identity", session: 1, identity: alice, grant: null }).heard).toEqual([]);
  expect(groundOf(w, 1)).toBe("configured");
});
