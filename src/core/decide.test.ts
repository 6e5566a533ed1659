import { expect, test } from "vitest";
import { alice, backup, bob, mallory, outcome, world, type World } from "../../test/helpers/core.ts";
import type { Command } from "./commands.ts";
import type { Refusal } from "./refusals.ts";

/** Session 1 asks. Bob is there in session 2; the name `gone` is banned. */
const situations = {
  "no session": (w: World) => w,
  unregistered: (w: World) => w.run({ kind: "open", sharing: "exclusive", session: 1, identity: alice, grant: null }),
  registered: (w: World) => w.join(1, alice, "alice"),
  operator: (w: World) => w.join(1, alice, "alice", "owner"),
};
type Situation = keyof typeof situations;

function worldIn(situation: Situation): World {
  const w = world({}, { bans: [{ name: "gone", identity: mallory, by: "x", bannedAt: 0 }] });
  w.join(2, bob, "bob");
  situations[situation](w);
  return w;
}

const session = 1;
const refusal: Refusal = { reason: "invalid-request" };

interface Row {
  readonly command: Command;
  /** Whose right is asked for: the rule that the row shows. */
  readonly rule: string;
  readonly outcomes: readonly [none: string, unregistered: string, registered: string, operator: string];
}
const notYet = "refused: not-registered";
const notYou = "refused: not-operator";
const rows: readonly Row[] = [
  {
    rule: "ID-39",
    command: { kind: "register", session, name: "alice" },
    outcomes: [
      "session-gone",
      "name-claimed, session-registered",
      "refused: already-registered",
      "refused: already-registered",
    ],
  },
  {
    rule: "ID-46",
    command: { kind: "broadcast", session, text: "hello" },
    outcomes: ["session-gone", notYet, "broadcast", "broadcast"],
  },
  {
    rule: "ID-46",
    command: { kind: "direct", session, to: "bob", body: "aa|bb" },
    outcomes: ["session-gone", notYet, "direct", "direct"],
  },
  {
    rule: "ID-46",
    command: { kind: "direct", session, to: "carol", body: "aa|bb" },
    outcomes: ["session-gone", notYet, "refused: recipient-not-found", "refused: recipient-not-found"],
  },
  {
    rule: "ID-46",
    command: { kind: "check", needs: "registration", session },
    outcomes: ["session-gone", notYet, "answer: checked", "answer: checked"],
  },
  {
    rule: "ID-46",
    command: { kind: "list", session },
    outcomes: ["session-gone", notYet, "answer: list", "answer: list"],
  },
  {
    rule: "ID-47",
    command: { kind: "check", needs: "operator", session },
    outcomes: ["session-gone", notYet, notYou, "answer: checked"],
  },
  {
    rule: "ID-47",
    command: { kind: "list-bans", session },
    outcomes: ["session-gone", notYet, notYou, "answer: bans"],
  },
  {
    rule: "ID-47",
    command: { kind: "kick", session, target: "bob" },
    outcomes: ["session-gone", notYet, notYou, "ended: kicked, sent-away, answer: kicked"],
  },
  {
    rule: "ID-47",
    command: { kind: "kick", session, target: "carol" },
    outcomes: ["session-gone", notYet, notYou, "refused: target-not-found"],
  },
  {
    rule: "ID-47",
    command: { kind: "ban", session, target: "bob" },
    outcomes: ["session-gone", notYet, notYou, "ban-placed, ended: banned, sent-away, answer: banned"],
  },
  {
    rule: "ID-47",
    command: { kind: "unban", session, target: "gone" },
    outcomes: ["session-gone", notYet, notYou, "ban-lifted, answer: unbanned"],
  },
  {
    rule: "ID-47",
    command: { kind: "unban", session, target: "bob" },
    outcomes: ["session-gone", notYet, notYou, "refused: not-banned"],
  },
  {
    rule: "DL-5",
    command: { kind: "invalid", session, refusal, needs: "registration" },
    outcomes: ["session-gone", notYet, "refused: invalid-request", "refused: invalid-request"],
  },
  {
    rule: "DL-5",
    command: { kind: "invalid", session, refusal, needs: "operator" },
    outcomes: ["session-gone", notYet, notYou, "refused: invalid-request"],
  },
  {
    rule: "ID-44",
    command: { kind: "refresh-identity", session, identity: alice, grant: "owner" },
    outcomes: ["session-gone", "session-refreshed", "session-refreshed", "unchanged"],
  },
  {
    rule: "ID-40",
    command: { kind: "refresh-identity", session, identity: backup, grant: null },
    outcomes: ["session-gone", "ended: not-a-member", "ended: not-a-member", "ended: not-a-member"],
  },
  {
    rule: "DL-6",
    command: { kind: "end", session, refusal: null },
    outcomes: ["session-gone", "ended: left", "ended: left", "ended: left"],
  },
  {
    rule: "DL-6",
    command: { kind: "end", session, refusal: { reason: "timed-out" } },
    outcomes: ["session-gone", "ended: timed-out", "ended: timed-out", "ended: timed-out"],
  },
];

const names: readonly Situation[] = ["no session", "unregistered", "registered", "operator"];
const cases = rows.flatMap(({ rule, command, outcomes }) =>
  names.map((situation, i) => ({ rule, command, situation, expected: outcomes[i] })),
);

test.each(cases)("$rule $command.kind, $situation: $expected", ({ command, situation, expected }) => {
  expect(outcome(worldIn(situation).run(command))).toBe(expected);
});

test.each(["unregistered", "registered", "operator"] as const)(
  "ID-46 %s: what needs nothing is for everybody",
  (situation) => {
    expect(worldIn(situation).run({ kind: "check", needs: "nothing", session }).heard).toEqual([
      { to: 1, notice: { kind: "answer", answer: { kind: "checked", operator: situation === "operator" } } },
    ]);
  },
);

test.each(["unregistered", "registered", "operator"] as const)(
  "DL-5 %s: what could not be read is refused as the adapter says",
  (situation) => {
    expect(worldIn(situation).run({ kind: "invalid", session, refusal, needs: "nothing" }).heard).toEqual([
      { to: 1, notice: { kind: "refused", refusal } },
    ]);
  },
);

test.each<Command>([
  { kind: "check", needs: "nothing", session },
  { kind: "invalid", session, refusal, needs: "nothing" },
])("DL-4 $kind, no session: nobody is left to answer", (command) => {
  expect(outcome(worldIn("no session").run(command))).toBe("session-gone");
});

test("ID-47 a refusal leaves everything as it was", () => {
  const w = worldIn("registered");
  const before = w.state;
  for (const { command } of rows.filter(({ rule }) => rule === "ID-47")) w.run(command);
  expect(w.state).toBe(before);
  expect(w.facts.map(({ kind }) => kind)).toEqual(["name-claimed", "name-claimed"]);
});
