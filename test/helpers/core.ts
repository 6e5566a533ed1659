import { coreRules } from "../../src/core/core-rules.ts";
import type { Command } from "../../src/core/commands.ts";
import { decide } from "../../src/core/decide.ts";
import type { Decision } from "../../src/core/decision.ts";
import { deliveriesOf } from "../../src/core/delivery.ts";
import { isFact, type Event, type Fact, type SessionId } from "../../src/core/events.ts";
import type { Identity, OperatorGround, OperatorGrant } from "../../src/core/identity.ts";
import { get } from "../../src/core/persistent-map.ts";
import type { Saved } from "../../src/core/ports.ts";
import { apply } from "../../src/core/apply.ts";
import { initialState, type KeyOfName, type Settings, type State } from "../../src/core/state.ts";
import { oneByOne, type Heard } from "./deliveries.ts";

export const alice = { kind: "person", login: "alice@example.com" } as const satisfies Identity;
export const bob = { kind: "person", login: "bob@example.com" } as const satisfies Identity;
export const mallory = { kind: "person", login: "mallory@example.com" } as const satisfies Identity;
export const backup = {
  kind: "machine",
  node: "nBackupCNTRL",
  label: "backup",
  tags: ["tag:server", "tag:backup"],
} as const satisfies Identity;
export const phone = { kind: "address", address: "100.64.0.7" } as const satisfies Identity;
export const local = { kind: "local" } as const satisfies Identity;

export const defaults: Settings = {
  operators: [],
  maxSessions: 100,
  maxSessionsPerIdentity: 10,
  maxNamesPerIdentity: 8,
  maxNamesOfLocal: 64,
};

/** A tailnet that tailscaled has vouched for; nothing claimed, nobody banned. */
export const freshlySaved: Saved = { claims: [], bans: [], tailscaledSeen: true, keptRight: null };

/** What one command did: what was decided, what it left behind, and who heard what, one by one. */
export interface Step {
  readonly command: Command;
  readonly before: State;
  readonly decision: Decision;
  readonly events: readonly Event[];
  readonly after: State;
  readonly heard: readonly Heard[];
}

export interface World {
  readonly state: State;
  /** All facts since the world began, in their order. */
  readonly facts: readonly Fact[];
  run(command: Command): Step;
  /** Opens a session and registers it; the step is the registering's. */
  join(session: SessionId, identity: Identity, name: string, grant?: OperatorGrant): Step;
  /** The same, of a protocol whose sessions share a name; `userKey`: what the session has proved. */
  joinShared(session: SessionId, identity: Identity, name: string, userKey?: string): Step;
  /** Gives a local name a user key, as the delivery service does with a first device. */
  keyName(name: string, userKey: string): void;
  /** The world as the next start finds it: no session, and what was stored. */
  restarted(settings?: Partial<Settings>): World;
}

/** The core without mailbox and store: each command takes effect at once. Time stands at 1000. */
export function world(settings: Partial<Settings> = {}, saved: Partial<Saved> = {}): World {
  const allSettings = { ...defaults, ...settings };
  const allSaved = { ...freshlySaved, ...saved };
  let state = initialState(allSettings, allSaved);
  const facts: Fact[] = [];
  const keys = new Map<string, string>();
  function run(command: Command): Step {
    const step = stepOf(state, command, (name) => keys.get(name) ?? null);
    state = step.after;
    facts.push(...step.events.filter(isFact));
    return step;
  }
  return {
    get state() {
      return state;
    },
    facts,
    run,
    join(session, identity, name, grant) {
      run({ kind: "open", sharing: "exclusive", session, identity, grant: grant ?? null });
      return run({ kind: "register", session, name });
    },
    joinShared(session, identity, name, userKey) {
      run({ kind: "open", sharing: "shared", session, identity, grant: null });
      return run({ kind: "register", session, name, userKey });
    },
    keyName: (name, userKey) => void keys.set(name, userKey),
    restarted(changed = {}) {
      return world({ ...allSettings, ...changed }, savedAfter(allSaved, facts));
    },
  };
}

function stepOf(before: State, command: Command, keyOfName: KeyOfName): Step {
  const decision = decide(before, command, 1000, keyOfName);
  const events = decision.kind === "done" ? decision.events : [];
  let after = before;
  const heard: Heard[] = [];
  if (decision.kind === "refused" && "session" in command) {
    heard.push({ to: command.session, notice: coreRules.refusedNotice(command, decision.refusal) });
  }
  for (const event of events) {
    heard.push(...oneByOne(deliveriesOf(after, event)));
    after = apply(after, event);
  }
  return { command, before, decision, events, after, heard };
}

/** What a faithful store holds after these facts: one claim and one ban for each name, whatever its case. */
export function savedAfter(saved: Saved, facts: readonly Fact[]): Saved {
  const claims = new Map(saved.claims.map((claim) => [claim.name.toLowerCase(), claim]));
  const bans = new Map(saved.bans.map((ban) => [ban.name.toLowerCase(), ban]));
  let { tailscaledSeen, keptRight } = saved;
  for (const fact of facts) {
    if (fact.kind === "name-claimed") claims.set(fact.claim.name.toLowerCase(), fact.claim);
    else if (fact.kind === "name-released") claims.delete(fact.name.toLowerCase());
    else if (fact.kind === "ban-placed") bans.set(fact.ban.name.toLowerCase(), fact.ban);
    else if (fact.kind === "ban-lifted") bans.delete(fact.name.toLowerCase());
    else if (fact.kind === "right-kept") keptRight = fact.right;
    else if (fact.kind === "kept-right-given-up") keptRight = null;
    else tailscaledSeen = true;
  }
  return { claims: [...claims.values()], bans: [...bans.values()], tailscaledSeen, keptRight };
}

/** What a step came to, in a few words: `refused: <reason>`, `ended: <cause>`, the kinds of its events, or `unchanged` or `session-gone`. */
export function outcome({ decision }: Step): string {
  if (decision.kind === "refused") return `refused: ${decision.refusal.reason}`;
  return decision.kind === "done" ? decision.events.map(wordsFor).join(", ") : decision.kind;
}

function wordsFor(event: Event): string {
  if (event.kind === "answered") return `answer: ${event.answer.kind}`;
  if (event.kind !== "session-ended") return event.kind;
  const { cause } = event;
  return `ended: ${cause.kind === "refused" ? cause.refusal.reason : cause.kind}`;
}

/** Why this session is operator; null: it isn't. */
export function groundOf({ state }: World, session: SessionId): OperatorGround | null {
  const found = get(state.sessions, session);
  return found?.phase === "registered" ? found.operator : null;
}
