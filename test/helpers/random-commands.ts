import * as fc from "fast-check";
import type { Command } from "../../src/core/commands.ts";
import type { Identity } from "../../src/core/identity.ts";
import type { Settings } from "../../src/core/state.ts";
import { alice, backup, bob, local, phone, world, type Step, type World } from "./core.ts";

const SESSIONS = 12;
const session = fc.integer({ min: 1, max: SESSIONS });
const name = fc.constantFrom("alice", "ALICE", "bob", "Bob", "root", "Carol", "carol", "all", "x:");
const identity = fc.constantFrom<Identity>(alice, bob, backup, phone, local);
const grant = fc.constantFrom(null, null, null, null, "owner" as const, "capability" as const);
const refusal = { reason: "timed-out" } as const;

const sharing = fc.constantFrom("exclusive" as const, "shared" as const);
const open = fc.record({ kind: fc.constant("open" as const), session, sharing, identity, grant });
const register = fc.record({ kind: fc.constant("register" as const), session, name });
const moderate = fc.record({
  kind: fc.constantFrom("kick" as const, "ban" as const, "unban" as const),
  session,
  target: name,
});
const end = fc.record({ kind: fc.constant("end" as const), session, refusal: fc.constantFrom(null, refusal) });
const needs = fc.constantFrom("nothing" as const, "registration" as const, "operator" as const);
const rare: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constantFrom("list" as const, "list-bans" as const), session }),
  fc.record({ kind: fc.constant("check" as const), session, needs }),
  fc.record({ kind: fc.constant("broadcast" as const), session, text: fc.constant("hello") }),
  fc.record({ kind: fc.constant("direct" as const), session, to: name, body: fc.constant("aa|bb") }),
  fc.record({ kind: fc.constant("invalid" as const), session, refusal: fc.constant(refusal), needs }),
  fc.record({ kind: fc.constant("refresh-identity" as const), session, identity, grant }),
  fc.record({ kind: fc.constant("release-name" as const), name }),
  fc.record({ kind: fc.constant("tailscaled-presence" as const), present: fc.boolean() }),
  fc.constant({ kind: "clear-kept-right" } as const),
  fc.constant({ kind: "nodes-present", nodes: [], elapsed: 1000 } as const),
  fc.constant({ kind: "tailscaled-seen" } as const),
);
/** A command in a small, crowded world, where names, sessions and identities meet often. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: open },
  { weight: 6, arbitrary: register },
  { weight: 4, arbitrary: moderate },
  { weight: 2, arbitrary: end },
  { weight: 4, arbitrary: rare },
);
export const smallSettings = {
  operators: ["name:root"],
  maxSessions: 8,
  maxSessionsPerIdentity: 4,
  maxNamesPerIdentity: 2,
  maxNamesOfLocal: 3,
} satisfies Partial<Settings>;

/** Runs random commands and looks at each step. */
export function eachStep(look: (step: Step, w: World) => void): void {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60, size: "max" }), fc.boolean(), (all, tailscaledSeen) => {
      const w = world(smallSettings, { tailscaledSeen });
      const isNew = newSessions();
      for (const any of all) if (isNew(any)) look(w.run(any), w);
    }),
    { numRuns: 300 },
  );
}

/** Says no to an `open` whose number was used before: the server gives each number once. */
export function newSessions(): (any: Command) => boolean {
  const used = new Set<number>();
  return (any) => {
    if (any.kind !== "open") return true;
    if (used.has(any.session)) return false;
    used.add(any.session);
    return true;
  };
}
