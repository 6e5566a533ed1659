import { isIPv4, isIPv6 } from "node:net";

/** Where a server listens: a host name or a bare IP address (IPv6 without brackets), and a TCP port. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The port of every classic server (PROTOCOL.md, Transport). */
export const DEFAULT_PORT = 12345;

/**
 * Reads what people type for a server: `name`, `name:port`, `1.2.3.4`, `1.2.3.4:port`, `fd7a::1`, `[fd7a::1]` or
 * `[fd7a::1]:port`. Without a port it is 12345. Null for anything else.
 */
export function parseAddress(text: string): ServerAddress | null {
  if (isIPv6(text)) return { host: text, port: DEFAULT_PORT };
  const parts = /^(?:\[(?<v6>[^[\]]+)\]|(?<name>[^[\]:]+))(?::(?<port>[0-9]{1,5}))?$/.exec(text)?.groups;
  if (parts === undefined) return null;
  const host = onThisMachine(parts["v6"] ?? parts["name"] ?? "");
  const isHost = parts["v6"] === undefined ? isIPv4(host) || isHostName(host) : isIPv6(host);
  const port = Number(parts["port"] ?? DEFAULT_PORT);
  return isHost && port >= 1 && port <= 65_535 ? { host, port } : null;
}

/** `localhost.` is the same name, written whole (RFC 6761, 6.3), but not all resolvers know it. */
function onThisMachine(host: string): string {
  return /^localhost\.?$/i.test(host) ? "localhost" : host;
}

/** What `parseAddress` reads back as the same address; the default port is left out. */
export function formatAddress({ host, port }: ServerAddress): string {
  if (port === DEFAULT_PORT) return host;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** RFC 1123 labels, and `_`, which tailnets allow. A last label of digits is a mistyped IPv4 address, never a name. */
function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, "").split(".");
  return (
    text.length <= 253 &&
    labels.every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label)) &&
    !/^[0-9]+$/.test(labels.at(-1) ?? "")
  );
}
