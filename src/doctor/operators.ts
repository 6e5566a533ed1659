import { isIP } from "node:net";
import { describeIdentity } from "../core/identity.ts";
import { foldName, isName } from "../core/names.ts";
import type { TailscaleState } from "../tailnet/state.ts";
import { visibleLine } from "../text/visible.ts";
import { fine, MOST_OF_OTHERS, type Finding } from "./findings.ts";
import type { Granted } from "./granted.ts";

export interface OperatorFacts {
  readonly state: TailscaleState;
  /** Whether a tailscaled is or was ever there for this data folder: then nobody is operator by being first. */
  readonly tailscaleKnown: boolean;
  /** Who has the right of the first operator; null: nobody, or that couldn't be read. */
  readonly first: string | null;
  /** As configured: names, logins, `name:…`, `login:…`. */
  readonly configured: readonly string[];
  readonly capability: string;
  readonly trustLocal: boolean;
  readonly granted: Granted | null;
  /** Who has claimed which name; null where the store couldn't be read. */
  readonly claims: readonly Claimed[] | null;
}

export interface Claimed {
  readonly name: string;
  readonly identity: string;
}

/** Who is operator and why; what is wrong with it first. */
export function examineOperators(facts: OperatorFacts): readonly Finding[] {
  const open = facts.claims === null ? [] : facts.configured.filter((entry) => isOpen(entry, facts.claims ?? []));
  const warnings = [...open.map((entry) => anybodys(entry)), ...(facts.trustLocal ? [everybodyHere()] : [])];
  const who = grounds(facts, open);
  if (who.length > 0) return [fine("operators", who.join("; ")), ...warnings];
  if (warnings.length > 0) return warnings;
  if (!facts.tailscaleKnown) return [facts.first === null ? whoIsFirst() : fine("operators", cameFirst(facts.first))];
  return [facts.state.kind === "running" ? nobody(facts) : notNow()];
}

function grounds(facts: OperatorFacts, open: readonly string[]): readonly string[] {
  const owner = facts.state.kind === "running" ? facts.state.self.ownerLogin : null;
  const { who, complete } = facts.granted ?? { who: [], complete: true };
  return [
    ...(owner === null ? [] : [`${owner}, who owns this machine`]),
    ...facts.configured
      .filter((entry) => !open.includes(entry))
      .map((entry) => `${visibleLine(entry, MOST_OF_OTHERS)}, by configuration`),
    ...who.map((one) => `${visibleLine(one, MOST_OF_OTHERS)}, by the tailnet's policy`),
    ...(complete ? [] : ["perhaps more by the policy (not every node could be asked about)"]),
  ];
}

/** A name that nobody bears for good: whoever registers it takes the right with it. */
function isOpen(entry: string, claims: readonly Claimed[]): boolean {
  const name = configuredName(entry);
  if (name === null) return false;
  const claim = claims.find((other) => foldName(other.name) === foldName(name));
  return claim === undefined || isWeak(claim.identity);
}

function configuredName(entry: string): string | null {
  const lower = entry.toLowerCase();
  if (lower.startsWith("login:")) return null;
  const name = lower.startsWith("name:") ? entry.slice("name:".length) : entry;
  return isName(name) ? name : null;
}

const LOCAL = describeIdentity({ kind: "local" });

/** A login may replace a claim by this machine, or by a bare address. */
function isWeak(identity: string): boolean {
  return identity === LOCAL || isIP(identity) !== 0;
}

function anybodys(entry: string): Finding {
  const name = configuredName(entry) ?? entry;
  return {
    area: "operators",
    level: "warning",
    what: `${name} is operator by configuration, and whoever registers that name first has it.`,
    cause: "No login of the tailnet has claimed the name yet.",
    next: "Let its bearer register it now, or name the person instead: --operator login:WHO@EXAMPLE.COM",
  };
}

function everybodyHere(): Finding {
  return {
    area: "operators",
    level: "warning",
    what: "Every program on this machine is operator, and whatever tailscale serve passes on, too.",
    cause: "The server is told to trust this machine (--trust-local).",
    next: "Keep that only where one person uses the machine and nothing forwards to the server's port.",
  };
}

function nobody({ granted, capability }: OperatorFacts): Finding {
  return {
    area: "operators",
    level: "warning",
    what: `Nobody is operator${granted === null ? ", unless the tailnet's policy says so" : ""}.`,
    cause: "This machine is nobody's in the tailnet, and the configuration names nobody.",
    next: `Start the server with --operator WHO@EXAMPLE.COM, or grant ${capability} in the policy.`,
  };
}

function notNow(): Finding {
  return {
    area: "operators",
    level: "note",
    what: "The configuration names nobody.",
    cause: "Whom the tailnet makes operator is known when Tailscale runs and can be asked.",
    next: "See to that first, then ask again.",
  };
}

function cameFirst(name: string): string {
  return `${visibleLine(name, MOST_OF_OTHERS)}, who came first (padserve operators clear takes that back)`;
}

function whoIsFirst(): Finding {
  return {
    area: "operators",
    level: "note",
    what: "Whoever registers while nobody else is here will be operator.",
    cause: "There is no Tailscale to say who anybody is, so the original's rule holds.",
    next: "Start the server with --operator NAME to have it otherwise, or install Tailscale.",
  };
}
