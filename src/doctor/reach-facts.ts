import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import { performance } from "node:perf_hooks";
import type { ServerAddress } from "../client/transport/index.ts";
import { askHealth, type HealthAnswer } from "./http-probe.ts";
import { greet, type Greeting } from "./greeting.ts";
import { byTcp, type Way } from "./ways.ts";

export interface ReachFacts {
  readonly target: ServerAddress;
  /** Each address once, as the system's resolver ordered them; or why there is none. */
  readonly lookup: { readonly addresses: readonly string[]; readonly milliseconds: number } | { readonly error: Error };
  /** What came of the first address of each family; of the host as it is, where tailscaled finds the way. */
  readonly greetings: readonly (readonly [address: string, greeting: Greeting])[];
  /** Asked at the first address that let us connect; null: none did. */
  readonly health: HealthAnswer | null;
  /** When `health` was answered, by our clock. */
  readonly asked: number;
}

/**
 * @param through the way through tailscaled, where only that leads into the tailnet; it knows the names, too.
 * @param timeout milliseconds for each answer. Never rejects.
 */
export async function gatherReach(target: ServerAddress, through: Way | null, timeout = 5000): Promise<ReachFacts> {
  const { host, port } = target;
  const found = through === null ? await resolve(host) : { addresses: [host], milliseconds: 0 };
  const addresses = "error" in found ? [] : firstOfEachFamily(found.addresses);
  const name = isIPv6(host) ? `[${host}]` : host;
  const greetings: [string, Greeting][] = [];
  let open: Way | null = null;
  for (const address of addresses) {
    const way = through ?? byTcp(address, port);
    const greeting = await greet(way, timeout);
    if (through !== null && isUnknownName(greeting)) return nobodyKnows(target);
    greetings.push([address, greeting]);
    if (greeting.kind !== "unreachable") open ??= way;
  }
  const health = open === null ? null : await askHealth(open, name, timeout);
  return { target, lookup: found, greetings, health, asked: Date.now() };
}

function isUnknownName(greeting: Greeting): boolean {
  return greeting.kind === "unreachable" && greeting.code === "ENOTFOUND";
}

function nobodyKnows(target: ServerAddress): ReachFacts {
  const error = new Error(`tailscaled knows no ${target.host}`);
  return { target, lookup: { error }, greetings: [], health: null, asked: Date.now() };
}

async function resolve(host: string): Promise<ReachFacts["lookup"]> {
  const before = performance.now();
  try {
    const found = await lookup(host, { all: true, order: "verbatim" });
    const addresses = [...new Set(found.map(({ address }) => address))];
    return { addresses, milliseconds: performance.now() - before };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function firstOfEachFamily(addresses: readonly string[]): readonly string[] {
  const firsts = [0, 4, 6].map((family) => addresses.find((address) => isIP(address) === family));
  return firsts.filter((address) => address !== undefined);
}
