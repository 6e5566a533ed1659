import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { world, alice, bob } from "../../test/helpers/core.ts";
import type { Command } from "../core/commands.ts";
import type { Decision } from "../core/decision.ts";
import { withAudit, type Audit } from "./audit.ts";
import type { Log } from "./log.ts";

const EVERY = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function audited(): { audit: Audit; post: (command: Command) => void; logged: unknown[] } {
  const w = world({ operators: ["alice"] });
  w.join(1, alice, "alice");
  w.join(2, bob, "bob");
  const logged: unknown[] = [];
  const log: Log = { debug: fail, info: (event, fields) => logged.push({ event, ...fields }), warn: fail, error: fail };
  const decisions: Partial<Record<Command["kind"], Decision>> = {
    kick: { kind: "done", events: [] },
    ban: { kind: "refused", refusal: { reason: "not-operator" } },
    unban: { kind: "session-gone" },
  };
  const audit = withAudit(
    (command, settle) => settle?.(decisions[command.kind] ?? { kind: "done", events: [] }),
    () => w.state,
    log,
    EVERY,
  );
  return { audit, post: audit.post, logged };
}

test("SE-3 what operators do is logged: who, what, to whom, with what outcome; nothing is done that wasn't", () => {
  const { post, logged } = audited();
  post({ kind: "kick", session: 1, target: "bob" });
  post({ kind: "unban", session: 1, target: "carol" });
  expect(logged).toEqual([
    { event: "kick", by: "alice", session: 1, target: "bob", outcome: "done" },
    { event: "unban", by: "alice", session: 1, target: "carol", outcome: "session-gone" },
  ]);
});

test("SE-11 what others try of it is one line in a while, with how many there were", () => {
  const { audit, post, logged } = audited();
  for (let tries = 0; tries < 1000; tries++) post({ kind: "ban", session: 2, target: "alice" });
  const first = {
    event: "operator's command refused",
    command: "ban",
    by: "bob",
    session: 2,
    target: "alice",
    outcome: "not-operator",
  };
  expect(logged).toEqual([first]);
  vi.advanceTimersByTime(EVERY);
  expect(logged).toEqual([first, { ...first, more: 999 }]);
  vi.advanceTimersByTime(EVERY);
  post({ kind: "ban", session: 2, target: "alice" });
  post({ kind: "ban", session: 9, target: "alice" });
  audit.stop();
  expect(logged.slice(2)).toEqual([first, { ...first, by: null, session: 9, more: 1 }]);
});

test("SE-3 nothing else that anybody says is logged, nor what stands where a name should", () => {
  const { post, logged } = audited();
  post({ kind: "broadcast", session: 2, text: "secret" });
  post({ kind: "direct", session: 2, to: "alice", body: "secret" });
  expect(logged).toEqual([]);
  const targets = ["\u001b]0;owned\u0007", "a".repeat(60_000), "ich-liebe-dich-seit-langer-zeit-sehr", "käse", ""];
  for (const target of targets) post({ kind: "kick", session: 1, target });
  expect(logged).toEqual(
    targets.map(() => ({ event: "kick", by: "alice", session: 1, target: "(no name)", outcome: "done" })),
  );
});

function fail(): never {
  throw new Error("nothing is logged at this level");
}
