import { expect, test } from "vitest";
import { world, alice, bob } from "../../test/helpers/core.ts";
import type { Command } from "../core/commands.ts";
import type { Decision } from "../core/decision.ts";
import { withAudit } from "./audit.ts";
import type { Log } from "./log.ts";

function audited(): { post: (command: Command) => void; logged: unknown[] } {
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
  const post = withAudit(
    (command, settle) => settle?.(decisions[command.kind] ?? { kind: "done", events: [] }),
    () => w.state,
    log,
  );
  return { post, logged };
}

test("SE-3 what operators do is logged, and what others tried: who, what, to whom, with what outcome", () => {
  const { post, logged } = audited();
  post({ kind: "kick", session: 1, target: "bob" });
  post({ kind: "ban", session: 2, target: "alice" });
  post({ kind: "unban", session: 9, target: "alice" });
  expect(logged).toEqual([
    { event: "kick", by: "alice", session: 1, target: "bob", outcome: "done" },
    { event: "ban", by: "bob", session: 2, target: "alice", outcome: "not-operator" },
    { event: "unban", by: null, session: 9, target: "alice", outcome: "session-gone" },
  ]);
});

test("SE-3 nothing else that anybody says is logged", () => {
  const { post, logged } = audited();
  post({ kind: "broadcast", session: 2, text: "secret" });
  post({ kind: "direct", session: 2, to: "alice", body: "secret" });
  expect(logged).toEqual([]);
});

function fail(): never {
  throw new Error("nothing is logged at this level");
}
