import { isLoopback, plainAddress } from "../tailnet/addresses.ts";

/** The names and addresses by which a request may ask for this server. */
export interface HostNames {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
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
