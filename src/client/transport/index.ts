/**
 * `client/transport`: how a client gets to its server, on Node: addresses as people write them, and connections. It knows no
 * protocol.
 */

export { DEFAULT_PORT, formatAddress, parseAddress } from "./address.ts";
export type { ServerAddress } from "./address.ts";
export { after } from "./after.ts";
export { openTcp } from "./open.ts";
export type { Open } from "./open.ts";
