import { beforeEach, expect, test } from "vitest";
import { alice, backup, outcome, world, type World } from "../../test/helpers/core.ts";
import type { Identity } from "./identity.ts";

const runner: Identity = { ...backup, node: "nRunner1", label: "runner-1", tags: ["tag:ci", "tag:fast"] };
const next: Identity = { ...backup, node: "nRunner2", label: "runner-2", tags: ["tag:fast", "tag:ci"] };
const TEN_MINUTES = 600_000;

/** Alice is there in session 1; a runner that has the name `ci` has left. */
let w: World;
beforeEach(() => {
  w = world();
  w.join(1, alice, "alice");
  w.join(2, runner, "ci");
  w.run({ kind: "end", session: 2, refusal: null });
});

/** Reports of so many hours, without the runner. */
function absentFor(hours: number, ...nodes: readonly string[]): void {
  for (let i = 0; i < hours * 6; i++) w.run({ kind: "nodes-present", nodes, elapsed: TEN_MINUTES });
}

test("ID-54 the name of a machine that is long gone goes to one with the same tags, and everybody is told", () => {
  absentFor(24, "nRunner2");
  const step = w.join(3, next, "CI");
  expect(outcome(step)).toBe("name-claimed, name-passed-on, session-registered");
  expect(step.heard).toContainEqual({ to: 1, notice: { kind: "name-passed-on", name: "CI", from: runner, to: next } });
  expect(outcome(w.join(4, runner, "ci"))).toBe("refused: name-taken");
  expect(outcome(w.restarted().join(5, next, "ci"))).toBe("session-registered");
});

test("ID-54 not before 24 hours, and not when it was seen again meanwhile", () => {
  absentFor(23);
  expect(outcome(w.join(3, next, "ci"))).toBe("refused: name-taken");
  w.run({ kind: "nodes-present", nodes: ["nRunner1"], elapsed: TEN_MINUTES });
  absentFor(23);
  expect(outcome(w.run({ kind: "register", session: 3, name: "ci" }))).toBe("refused: name-taken");
  absentFor(1);
  expect(outcome(w.run({ kind: "register", session: 3, name: "ci" }))).toBe(
    "name-claimed, name-passed-on, session-registered",
  );
});

test("ID-54 time in which nobody watched doesn't count, however long", () => {
  w.run({ kind: "nodes-present", nodes: [], elapsed: 1000 * TEN_MINUTES });
  w.run({ kind: "nodes-present", nodes: [], elapsed: -1000 * TEN_MINUTES });
  absentFor(23);
  expect(outcome(w.join(3, next, "ci"))).toBe("refused: name-taken");
});

test("ID-54 a restart forgets absences", () => {
  absentFor(24);
  expect(outcome(w.restarted().join(3, next, "ci"))).toBe("refused: name-taken");
});

const others: readonly (readonly [string, Identity])[] = [
  ["other tags", { ...next, tags: ["tag:ci"] }],
  ["more tags", { ...next, tags: ["tag:ci", "tag:fast", "tag:more"] }],
  ["no tags", { ...next, tags: [] }],
  ["a person", alice],
];
test.each(others)("ID-54 never to %s", (_, identity) => {
  absentFor(25);
  expect(outcome(w.join(3, identity, "ci"))).toBe("refused: name-taken");
});

test("ID-54 never between machines without tags", () => {
  w.join(3, { ...runner, node: "nBare1", tags: [] }, "router");
  w.run({ kind: "end", session: 3, refusal: null });
  absentFor(25);
  expect(outcome(w.join(4, { ...runner, node: "nBare2", tags: [] }, "router"))).toBe("refused: name-taken");
});

test("ID-54 never an operator's name", () => {
  w = world({ operators: ["name:ci"] });
  w.join(2, runner, "ci");
  w.run({ kind: "end", session: 2, refusal: null });
  absentFor(25);
  expect(outcome(w.join(3, next, "ci"))).toBe("refused: name-taken");
});

test("ID-54 never a banned machine's", () => {
  w.join(3, runner, "second");
  w.run({ kind: "end", session: 3, refusal: null });
  w.run({ kind: "refresh-identity", session: 1, identity: alice, grant: "owner" });
  expect(outcome(w.run({ kind: "ban", session: 1, target: "second" }))).toBe("ban-placed, answer: banned");
  absentFor(25);
  expect(outcome(w.join(4, next, "ci"))).toBe("refused: name-taken");
});

test("ID-54 never while a session of it is there", () => {
  w.run({ kind: "open", sharing: "shared", session: 3, identity: runner, grant: null });
  absentFor(25);
  expect(outcome(w.join(4, next, "ci"))).toBe("refused: name-taken");
});

test("ID-50 a machine that is renamed or has other tags is told by those of now, in its session and its claim", () => {
  const renamed: Identity = { ...runner, label: "renamed", tags: ["tag:ci"] };
  w.join(3, runner, "ci");
  expect(outcome(w.run({ kind: "refresh-identity", session: 3, identity: renamed, grant: null }))).toBe(
    "session-refreshed",
  );
  expect(outcome(w.run({ kind: "refresh-identity", session: 3, identity: renamed, grant: null }))).toBe("unchanged");
  w.run({ kind: "end", session: 3, refusal: null });
  expect(outcome(w.join(4, renamed, "ci"))).toBe("name-claimed, session-registered");
  expect(w.facts.at(-1)).toEqual({ kind: "name-claimed", claim: { name: "ci", identity: renamed, claimedAt: 1000 } });
});
