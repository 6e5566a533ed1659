/**
 * `cli/reach`: how `pad` gets to a server from this machine, and what stands in the way. Where this machine has the tailnet's
 * addresses on an interface that is plain TCP; beside a tailscaled in userspace mode only tailscaled itself gets there.
 */

export { explainUnreachable } from "./explain-unreachable.ts";
export { reach } from "./reach.ts";
export type { Reach } from "./reach.ts";
export { isMachine, isThisMachine } from "./find-machine.ts";
export { ownLogin } from "./tailscaled.ts";
