import { isIPv4, isIPv6 } from "node:net";
import { isTailscaleAddress } from "../tailnet/addresses.ts";
import type { Observation } from "../tailnet/monitor.ts";
import type { Config } from "./config.ts";

/** This machine's own way in. It is always open: its clients and its administrator come here, whatever Tailscale does. */
export const LOOPBACK = ["127.0.0.1", "::1"] as const;

/** Where the server should be listening, given what is known of Tailscale (DESIGN decision 2). */
export function wantedAddresses(config: Config, { listenOn }: Pick<Observation, "listenOn">): readonly string[] {
  const { ipv4, ipv6 } = config.families;
  const tailnet = listenOn.filter((address) => (isIPv4(address) && ipv4) || (isIPv6(address) && ipv6));
  return [...LOOPBACK, ...tailnet, ...config.listen];
}

/** The tailnet's addresses of this node, for people to be told, whether or not an interface has them (userspace mode). */
export function tailnetAddresses({ state, listenOn }: Observation): readonly string[] {
  return state.kind === "running" ? state.addresses : listenOn;
}

/**
 * Whether Tailscale has taken one of our addresses away for good: it is Running, with others. While it is stopped, or its
 * key has expired, the address may yet return, and the connections to it with it.
 */
export function isLost(config: Config, { state }: Pick<Observation, "state">, address: string): boolean {
  return (
    state.kind === "running" &&
    isTailscaleAddress(address) &&
    !state.addresses.includes(address) &&
    !config.listen.includes(address)
  );
}

/** `address:port` as people type it, with brackets where IPv6 needs them. */
export function withPort(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
