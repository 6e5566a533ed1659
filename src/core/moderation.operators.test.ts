import { beforeEach, expect, test } from "vitest";
import {
  alice,
  backup,
  bob,
  groundOf,
  local,
  mallory,
  outcome,
  phone,
  world,
  type World,
} from "../../test/helpers/core.ts";
import type { Command } from "./commands.ts";

const kick = (target: string): Command => ({ kind: "kick", session: 1, target });
const ban = (target: string): Command => ({ kind: "ban", session: 1, target });
const leave = (session: number): Command => ({ kind: "end", session, refusal: null });

/** Alice is operator in session 1, Mallory is there in session 2; the configuration names bob's login and the name root. */
let w: World;
beforeEach(() => {
  w = world({ operators: ["login:bob@example.com", "name:root"] });
  w.join(1, alice, "alice", "owner");
  w.join(2, mallory, "mallory");
});

test("MO-5 an operator is neither kicked nor banned, not even by itself", () => {
  w.join(3, bob, "bob");
  for (const target of ["bob", "BOB", "alice"]) {
    expect(w.run(kick(target)).decision).toEqual({
      kind: "refused",
      refusal: { reason: "operator-immune", action: "kick" },
    });
    expect(w.run(ban(target)).decision).toEqual({
      kind: "refused",
      refusal: { reason: "operator-immune", action: "ban" },
    });
  }
});

test("MO-5 a ban never reaches an operator through another of its names", () => {
  w.join(3, bob, "bob");
  w.join(4, bob, "old");
  w.run(leave(4));
  expect(outcome(w.run(ban("old")))).toBe("refused: operator-immune");
  w.run(leave(3));
  expect(outcome(w.run(ban("old")))).toBe("refused: operator-immune");
});

test("MO-5 a ban never reaches somebody whom the tailnet vouches for and who hasn't registered yet", () => {
  w.join(3, backup, "backup");
  w.run(leave(3));
  w.run({ kind: "open", sharing: "exclusive", session: 4, identity: backup, grant: "capability" });
  expect(outcome(w.run(ban("backup")))).toBe("refused: operator-immune");
});

test("MO-5 the configured name can't be banned, whoever bears it", () => {
  expect(outcome(w.run(ban("root")))).toBe("refused: operator-immune");
});

test("MO-5 who is operator by being first can't be banned under another name", () => {
  w = world({}, { tailscaledSeen: false });
  w.join(1, phone, "alice");
  w.join(2, phone, "bob");
  w.join(3, local, "carol");
  expect(outcome(w.run(ban("bob")))).toBe("refused: operator-immune");
});

test("MO-5 who is local and operator by being first can't be banned by another operator", () => {
  w = world({}, { tailscaledSeen: false });
  w.join(2, local, "box");
  w.join(1, phone, "root", "capability");
  expect(outcome(w.run(ban("box")))).toBe("refused: operator-immune");
});

test("MO-5 a ban never reaches whom the configured name belongs to, in or out", () => {
  w.join(3, backup, "root");
  w.join(4, backup, "backup");
  w.run(leave(3));
  expect(outcome(w.run(ban("backup")))).toBe("refused: operator-immune");
});

test("MO-6 a ban keeps no operator out that the tailnet or the configuration names", () => {
  w.run(ban("mallory"));
  expect(outcome(w.join(3, mallory, "other", "capability"))).toBe("name-claimed, session-registered");
  expect(groundOf(w, 3)).toBe("capability");
  const later = w.restarted({ operators: ["login:mallory@example.com"] });
  expect(outcome(later.join(1, mallory, "mallory"))).toBe("session-registered");
});

test("MO-6 being first lifts no ban", () => {
  w = world({}, { tailscaledSeen: false });
  w.join(1, local, "alice");
  w.join(2, phone, "mallory");
  w.run(ban("mallory"));
  const later = w.restarted();
  expect(outcome(later.join(1, phone, "other"))).toBe("ended: you-are-banned");
});

test("MO-6 a banned identity doesn't become operator by a configured name that was still free", () => {
  w.run(ban("mallory"));
  expect(outcome(w.join(3, mallory, "root"))).toBe("ended: you-are-banned");
});

test("MO-6 a ban holds again when the operator's right is gone", () => {
  w.run(ban("mallory"));
  w.join(3, mallory, "other", "capability");
  expect(outcome(w.run({ kind: "refresh-identity", session: 3, identity: mallory, grant: null }))).toBe(
    "ended: you-are-banned",
  );
});
