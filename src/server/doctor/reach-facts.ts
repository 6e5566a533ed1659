import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { performance } from "node:perf_hooks";
import { askHealth, type HealthAnswer } from "./http-probe.ts";
import { greet, type Greeting } from "./greeting.ts";

/** Where a server should be: a name or address, and a port. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface ReachFacts {
  readonly target: Target;
  /** Each address once, as the system's resolver ordered them; or why there is none. */
  readonly lookup: { readonly addresses: readonly string[]; readonly milliseconds: number } | { readonly error: Error };
  /** What came of the first address of each family. */
  readonly greetings: readonly (readonly [address: string, greeting: Greeting])[];
  /** Asked at the first address that let us connect; null: none did. */
  readonly health: HealthAnswer | null;
  /** When `health` was answered, by our clock. */
  readonly asked: number;
}

/** `name`, `name:port`, an address, or `[v6]:port`, as for `pad chat`; null for anything else. */
export function parseTarget(word: string): Target | null {
  const url = URL.parse(`padserve://${isIPv6(word) ? `[${word}]` : word}`);
  if (url === null || /[/?#@\s]/.test(word) || url.hostname === "") return null;
  const port = url.port === "" ? 12345 : Number(url.port);
  return port === 0 ? null : { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port };
}

/** @param patience milliseconds for each answer. Never rejects. */
export async function gatherReach(target: Target, patience = 5000): Promise<ReachFacts> {
  const found = await resolve(target.host);
  const addresses = "error" in found ? [] : firstOfEachFamily(found.addresses);
  const greetings: [string, Greeting][] = [];
  for (const address of addresses) greetings.push([address, await greet(address, target.port, patience)]);
  const open = greetings.find(([, { kind }]) => kind !== "unreachable");
  const host = isIPv6(target.host) ? `[${target.host}]` : target.host;
  return {
    target,
    lookup: found,
    greetings,
    health: open === undefined ? null : await askHealth(open[0], target.port, { host, patience }),
    asked: Date.now(),
  };
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
  const v4 = addresses.find((address) => !isIPv6(address));
  const v6 = addresses.find((address) => isIPv6(address));
  return [v4, v6].filter((address) => address !== undefined);
}
