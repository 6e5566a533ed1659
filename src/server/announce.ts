import { padCall } from "../args/spec.ts";
import type { Claim } from "../core/events.ts";
import { describeIdentity } from "../core/identity.ts";
import { foldName, isName } from "../core/names.ts";
import { get } from "../core/persistent-map.ts";
import type { State } from "../core/state.ts";
import { isLoopback } from "../tailnet/addresses.ts";
import { describeState, type Description } from "../tailnet/describe-state.ts";
import type { Observation } from "../tailnet/monitor.ts";
import type { Config } from "../config/config.ts";
import { withPort } from "../config/wanted-addresses.ts";

/** What there is to say about a server, for the person who started it. */
export interface Situation {
  readonly config: Config;
  readonly port: number;
  readonly addresses: readonly string[];
  /** Where it should be listening too, and why it isn't, as `taken by nginx (pid 812)`. */
  readonly missing: readonly { readonly address: string; readonly why: string }[];
  readonly observation: Observation;
  readonly state: State;
}

/** The few lines at start: where it listens, how others join, who is operator and why. */
export function announcement(situation: Situation): readonly string[] {
  return [...whereItListens(situation), ...howToJoin(situation), ...whoIsOperator(situation)];
}

/** Said again whenever it changes: where the server listens, and what keeps it from the tailnet. */
export function whereItListens(situation: Situation): readonly string[] {
  const { port, missing } = situation;
  const troubles = missing.map(({ address, why }) => `Not listening on ${withPort(address, port)}: ${why}.`);
  return [...whereItIsHeard(situation), ...troubles];
}

function whereItIsHeard({ addresses, port, observation }: Situation): readonly string[] {
  const tailnet = addresses.filter((address) => !isLoopback(address)).map((address) => withPort(address, port));
  const own = addresses.filter(isLoopback).map((address) => withPort(address, port));
  const { state } = observation;
  if (tailnet.length > 0)
    return [`Listening on ${tailnet.join(" and ")}, and for this machine on ${own.join(" and ")}.`];
  const { what, next } = whyNotOnTheTailnet(observation);
  const only = state.kind === "running" && !state.tun ? "Listening on" : "Listening for this machine only, on";
  return [`${only} ${own.join(" and ")}. ${what}${next === null ? "" : ` ${next}`}`];
}

function whyNotOnTheTailnet({ state, missing, listenOn }: Observation): Description {
  if (state.kind !== "running" || !state.tun) return describeState(state);
  if (missing.length > 0) {
    return { what: `Tailscale is running, but no interface has ${missing.join(" or ")} yet.`, next: "Wait a moment." };
  }
  // They are there, and were left out or could not be opened: the log says which.
  return {
    what: `Tailscale is running with ${listenOn.join(" and ")}, where this server does not listen.`,
    next: null,
  };
}

function howToJoin({ addresses, port, observation: { state } }: Situation): readonly string[] {
  const call = `${padCall()} chat`;
  const suffix = port === 12345 ? "" : `:${port}`;
  const byName = state.kind === "running" ? state.self.nodeName || state.self.dnsName : "";
  const address =
    addresses.find((other) => !isLoopback(other)) ?? (state.kind === "running" ? state.addresses[0] : undefined);
  if (byName !== "") return [`Others join with:  ${call} ${byName}${suffix}`];
  if (address !== undefined)
    return [`Others join with:  ${call} ${port === 12345 ? address : withPort(address, port)}`];
  return [`On this machine, join with:  ${call} localhost${suffix}`];
}

function whoIsOperator({ config, observation, state }: Situation): readonly string[] {
  const tailscale = observation.state;
  const owner = tailscale.kind === "running" ? tailscale.self.ownerLogin : null;
  const lines = [
    ...(owner === null ? [] : [`Operator: ${owner}, who owns this machine in the tailnet.`]),
    ...config.operators.map((entry) => `Operator: ${entry}, by configuration${claimNote(state, entry)}.`),
  ];
  if (lines.length > 0) return lines;
  if (!observation.socketExists && !observation.everAnswered && !state.tailscaledSeen) {
    const kept = state.keptRight?.name;
    if (kept !== undefined) return [`Operator: ${kept}, who came first (padserve operators clear takes that back).`];
    return ["Operator: whoever registers while nobody else is here, since there is no Tailscale to ask."];
  }
  return [
    "Nobody is operator yet, unless the tailnet policy says so. To make somebody operator: start with --operator LOGIN,",
    `or grant the app capability ${config.capability} with {"operator": true} in the tailnet policy.`,
  ];
}

/** A configured name makes operator whoever bears it, so it matters who that is. */
function claimNote(state: State, entry: string): string {
  const name = entry.toLowerCase().startsWith("name:") ? entry.slice("name:".length) : entry;
  if (entry.toLowerCase().startsWith("login:") || !isName(name)) return "";
  const claim: Claim | undefined = get(state.claims, foldName(name));
  return claim === undefined
    ? ` (a name that nobody has claimed yet: the first to register it will be operator)`
    : ` (a name that belongs to ${describeIdentity(claim.identity)})`;
}
