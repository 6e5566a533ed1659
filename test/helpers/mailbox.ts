import type { Command } from "../../src/core/commands.ts";
import type { Claim, SessionId } from "../../src/core/events.ts";
import type { Identity, OperatorGrant } from "../../src/core/identity.ts";
import { coreRules } from "../../src/core/core-rules.ts";
import { Mailbox, type MailboxPorts } from "../../src/core/mailbox.ts";
import type { Saved } from "../../src/core/ports.ts";
import { initialState } from "../../src/core/state.ts";
import { fakePorts, type FakePorts } from "../fakes/mailbox-ports.ts";
import { alice, bob, defaults, freshlySaved } from "./core.ts";

export interface TestMailbox {
  readonly mailbox: Mailbox;
  readonly ports: FakePorts;
  /** Posts the commands and lets one turn come. */
  turnWith(...commands: readonly Command[]): void;
  /** What a session heard, in its order: each notice by its kind, a refusal by its reason, an answer by its own kind. */
  heardBy(session: SessionId): readonly string[];
}

const claims: readonly Claim[] = [
  { name: "alice", identity: alice, claimedAt: 0 },
  { name: "bob", identity: bob, claimedAt: 0 },
];

/** A mailbox on fakes in which alice, who is operator, and bob are there in sessions 1 and 2, under names they already had. */
export function startMailbox(saved: Partial<Saved> = {}, changed: Partial<MailboxPorts> = {}): TestMailbox {
  const ports = fakePorts();
  const state = initialState(defaults, { ...freshlySaved, claims, ...saved });
  const mailbox = new Mailbox(coreRules, state, { ...ports, ...changed });
  function turnWith(...commands: readonly Command[]): void {
    for (const command of commands) mailbox.post(command);
    ports.turn();
  }
  turnWith(open(1, alice, "owner"), register(1, "alice"), open(2, bob), register(2, "bob"));
  return {
    mailbox,
    ports,
    turnWith,
    heardBy: (session) =>
      ports.heardBy(session).map((notice) => {
        if (notice.kind === "refused") return notice.refusal.reason;
        return notice.kind === "answer" ? notice.answer.kind : notice.kind;
      }),
  };
}

export function open(session: SessionId, identity: Identity, grant: OperatorGrant | null = null): Command {
  return { kind: "open", sharing: "exclusive", session, identity, grant };
}
export function register(session: SessionId, name: string): Command {
  return { kind: "register", session, name };
}
export function say(session: SessionId, text: string): Command {
  return { kind: "broadcast", session, text };
}
export function list(session: SessionId): Command {
  return { kind: "list", session };
}
/** Alice bans somebody. */
export function ban(target: string): Command {
  return { kind: "ban", session: 1, target };
}
/** The session's connection is gone. */
export function leave(session: SessionId): Command {
  return { kind: "end", session, refusal: null };
}
