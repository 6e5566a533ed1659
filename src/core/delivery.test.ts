import { beforeEach, expect, test } from "vitest";
import { alice, backup, bob, mallory, world, type World } from "../../test/helpers/core.ts";
import type { Heard } from "../../test/helpers/deliveries.ts";
import type { Command } from "./commands.ts";
import { deliveriesOf } from "./delivery.ts";
import { rosterOf } from "./roster.ts";

/** Alice, bob and the backup machine are there in sessions 1 to 3; session 4 has no name yet. */
let w: World;
beforeEach(() => {
  w = world();
  w.join(1, alice, "alice");
  w.join(2, bob, "Bob");
  w.join(3, backup, "backup");
  w.run({ kind: "open", sharing: "exclusive", session: 4, identity: mallory, grant: null });
});

test("DL-1 what is said to all is heard by each registered session but the one that said it", () => {
  const { heard } = w.run({ kind: "broadcast", session: 1, text: "hello" });
  const notice = { kind: "broadcast", from: "alice", text: "hello" };
  expect(heard.toSorted((a, b) => a.to - b.to)).toEqual([
    { to: 1, notice: { kind: "broadcast-sent" } },
    { to: 2, notice },
    { to: 3, notice },
  ]);
});

test("DL-1 what is said to all is one delivery, to a list that is made once for as long as nobody comes or goes", () => {
  const said = { kind: "broadcast", session: 1, from: "alice", text: "hello" } as const;
  const first = deliveriesOf(w.state, said)[0]?.to;
  w.run({ kind: "refresh-identity", session: 2, identity: bob, grant: "owner" });
  w.run({ kind: "end", session: 4, refusal: null });
  expect(deliveriesOf(w.state, said)[0]?.to).toBe(first);
  w.run({ kind: "end", session: 3, refusal: null });
  expect(deliveriesOf(w.state, said)[0]?.to).toEqual([1, 2]);
});

test("DL-1 alone, one is told that it was sent, and nobody hears it", () => {
  w.run({ kind: "end", session: 2, refusal: null });
  w.run({ kind: "end", session: 3, refusal: null });
  expect(w.run({ kind: "broadcast", session: 1, text: "" }).heard).toEqual([
    { to: 1, notice: { kind: "broadcast-sent" } },
  ]);
});

test("DL-2 a direct message is heard by its recipient alone, unchanged", () => {
  expect(w.run({ kind: "direct", session: 1, to: "bob", body: "AA|bb" }).heard).toEqual([
    { to: 2, notice: { kind: "direct", from: "alice", body: "AA|bb" } },
    { to: 1, notice: { kind: "direct-sent" } },
  ]);
});

test("DL-2 one may write to oneself", () => {
  expect(w.run({ kind: "direct", session: 1, to: "alice", body: "aa|bb" }).heard).toEqual([
    { to: 1, notice: { kind: "direct", from: "alice", body: "aa|bb" } },
    { to: 1, notice: { kind: "direct-sent" } },
  ]);
});

test("DL-3 the roster has everybody registered, sorted without regard to case, each name beside its session", () => {
  w.join(5, alice, "a.1");
  w.join(6, alice, "Z");
  expect(rosterOf(w.state)).toEqual({
    sessions: [5, 1, 3, 2, 6],
    names: ["a.1", "alice", "backup", "Bob", "Z"],
  });
});

test("DL-3 the answer to a list has the roster's names, made once for as long as nobody comes or goes", () => {
  const [first] = w.run({ kind: "list", session: 2 }).heard;
  expect(first).toEqual({
    to: 2,
    notice: { kind: "answer", answer: { kind: "list", names: ["alice", "backup", "Bob"] } },
  });
  expect(namesIn(w.run({ kind: "list", session: 1 }).heard)).toBe(namesIn([first]));
});

function namesIn(heard: readonly (Heard | undefined)[]): unknown {
  const notice = heard[0]?.notice;
  return notice?.kind === "answer" && notice.answer.kind === "list" ? notice.answer.names : null;
}

test("DL-27 what came with a command comes back with its answer, refusal or end, and with nothing that others hear", () => {
  const tag = { number: 7 };
  const asked: readonly Command[] = [
    { kind: "list", session: 1, tag },
    { kind: "broadcast", session: 1, text: "hello", tag },
    { kind: "direct", session: 1, to: "bob", body: "aa|bb", tag },
    { kind: "direct", session: 1, to: "nobody", body: "aa|bb", tag },
    { kind: "check", session: 1, needs: "registration", tag },
    { kind: "invalid", session: 1, needs: "nothing", refusal: { reason: "invalid-request" }, tag },
    { kind: "register", session: 4, name: "mallory", tag },
    { kind: "end", session: 1, refusal: null, tag },
  ];
  for (const command of asked) {
    const { heard } = w.run(command);
    const tagged = heard.filter(({ notice }) => "tag" in notice && notice.tag === tag);
    expect(tagged.map(({ to }) => to)).toEqual(["session" in command ? command.session : 0]);
  }
});

test("DL-28 sessions that share names hear who comes and goes: with the first session and the last", () => {
  w.joinShared(5, alice, "tablet");
  expect(w.joinShared(6, mallory, "mallory").heard).toContainEqual({
    to: 5,
    notice: { kind: "came", name: "mallory" },
  });
  expect(w.joinShared(7, mallory, "mallory").heard.map(({ to }) => to)).toEqual([7]);
  expect(w.run({ kind: "end", session: 6, refusal: null }).heard.map(({ to }) => to)).toEqual([6]);
  expect(w.run({ kind: "end", session: 7, refusal: null }).heard).toEqual([
    { to: 7, notice: { kind: "ended", cause: { kind: "left" } } },
    { to: 5, notice: { kind: "went", name: "mallory" } },
  ]);
});

test("DL-28 classic sessions hear nothing of who comes and goes", () => {
  expect(w.run({ kind: "end", session: 2, refusal: null }).heard.map(({ to }) => to)).toEqual([2]);
});
