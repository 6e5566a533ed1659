/**
 * `tailnet`: who is behind a connection, and where to listen. Only tailscaled is asked (who-is); what it doesn't say is not
 * guessed, and headers are never read.
 */

import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

/** Shape of `os.networkInterfaces()`, as far as we read it. */
export type NetworkInterfaces = NodeJS.Dict<readonly { readonly address: string }[]>;

const tailscaleRanges = new BlockList();
tailscaleRanges.addSubnet("100.64.0.0", 10, "ipv4");
tailscaleRanges.addSubnet("fd7a:115c:a1e0::", 48, "ipv6");

/** Inside 100.64.0.0/10, but ChromeOS uses it for its own virtual machines. */
const chromeOsRange = new BlockList();
chromeOsRange.addSubnet("100.115.92.0", 23, "ipv4");

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * Whether Tailscale could have given this address: 100.64.0.0/10 less 100.115.92.0/23, or fd7a:115c:a1e0::/48
 * (Tailscale, net/tsaddr). Carriers and other VPNs use the first range too, so it proves nothing by itself.
 */
export function isTailscaleAddress(address: string): boolean {
  return isIn(tailscaleRanges, address) && !isIn(chromeOsRange, address);
}

export function isLoopback(address: string): boolean {
  return isIn(loopback, address);
}

/** An address as tailscaled and `os.networkInterfaces` write it: without the `::ffff:` that a dual-stack socket puts before IPv4. */
export function plainAddress(address: string): string {
  const plain = address.toLowerCase();
  const unmapped = plain.startsWith("::ffff:") ? plain.slice("::ffff:".length) : plain;
  return isIP(unmapped) === 4 ? unmapped : plain;
}

/**
 * Reads this machine's interfaces. Where that fails, as with no file descriptor left (EMFILE), what was read last counts; before
 * that, none: an address that can't be shown to be this machine's is somebody else's.
 */
export function createInterfaceReader(read: () => NetworkInterfaces = networkInterfaces): () => NetworkInterfaces {
  let last: NetworkInterfaces = {};
  return () => {
    try {
      last = read();
    } catch {
      // Told by whoever runs out of descriptors; here the old answer is the best there is.
    }
    return last;
  };
}

/** Those of `addresses` that an interface of this machine has now, in their order. */
export function presentAddresses(
  addresses: readonly string[],
  interfaces: NetworkInterfaces = networkInterfaces(),
): readonly string[] {
  const present = ownAddresses(interfaces);
  return addresses.filter((address) => present.has(plainAddress(address)));
}

/** Tailscale's addresses on interfaces that bear its name (`tailscale0`, Windows' `Tailscale`): all there is to go by without LocalAPI. */
export function tailscaleInterfaceAddresses(interfaces: NetworkInterfaces = networkInterfaces()): readonly string[] {
  return Object.entries(interfaces)
    .filter(([name]) => name.toLowerCase().startsWith("tailscale"))
    .flatMap(([, addresses]) => addresses ?? [])
    .map(({ address }) => plainAddress(address))
    .filter(isTailscaleAddress);
}

/** Every address of this machine, loopback among them. */
export function ownAddresses(interfaces: NetworkInterfaces = networkInterfaces()): ReadonlySet<string> {
  return new Set(
    Object.values(interfaces)
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => plainAddress(address)),
  );
}

function isIn(ranges: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && ranges.check(address, family === 4 ? "ipv4" : "ipv6");
}
