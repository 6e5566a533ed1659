import type { ProcessContext } from "../../args/command.ts";
import { isLoopback } from "../../tailnet/addresses.ts";
import { isKnownToSystem } from "../start/one-word.ts";
import { askTailscaled, mayBeUserspace } from "./tailscaled.ts";

/**
 * Whether a name is some machine's: to the system's resolver, or to a tailscaled in userspace mode, whose names the system doesn't
 * know. Takes some seconds at most; never rejects.
 */
export async function isMachine(host: string, context: ProcessContext): Promise<boolean> {
  if (isThisMachine(host) || (await isKnownToSystem(host))) return true;
  if (!(await mayBeUserspace(context))) return false;
  const map = await askTailscaled(context, (api) => api.netMap());
  const wanted = host.toLowerCase().replace(/\.$/, "");
  return map.ok && map.value.names.some((name) => name === wanted || name.split(".")[0] === wanted);
}

/** Whether a server's host is this machine by its loopback, where no tailnet is on the way. */
export function isThisMachine(host: string): boolean {
  return isLoopback(host) || /^localhost\.?$/i.test(host);
}
