import { hostname } from "node:os";
import { isLoopback, plainAddress } from "../tailnet/addresses.ts";
import type { Observation } from "../tailnet/monitor.ts";
import { tailnetAddresses } from "../config/wanted-addresses.ts";

/** The names and addresses by which a request may ask for this server. */
export interface HostNames {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/** MagicDNS name and its first label, the machine's own name, and what the administrator adds; and all addresses. */
export function hostNames(
  aliases: readonly string[],
  observation: Observation,
  listening: readonly string[],
): HostNames {
  const { state } = observation;
  const tailnet = state.kind === "running" ? [state.self.dnsName, state.self.nodeName] : [];
  return {
    names: [...tailnet, hostname(), ...aliases].filter((name) => name !== ""),
    addresses: [...tailnetAddresses(observation), ...listening],
  };
}

/** Whether a Host header (RFC 9110, 7.2) is one of ours, whatever its port. A missing one isn't. */
export function isOurHost(header: string | undefined, ours: HostNames): boolean {
  const host = hostOf(header ?? "");
  if (host === null) return false;
  if (host === "localhost" || isLoopback(host)) return true;
  return ours.addresses.includes(host) || ours.names.some((name) => name.toLowerCase() === host);
}

function hostOf(header: string): string | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(header);
  const host = match?.[1] ?? match?.[2];
  return host === undefined ? null : plainAddress(host).replace(/\.$/, "");
}
