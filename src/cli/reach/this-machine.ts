import { isLoopback } from "../../tailnet/addresses.ts";

/** Whether a server's host is this machine by its loopback, where no tailnet is on the way. */
export function isThisMachine(host: string): boolean {
  return isLoopback(host) || /^localhost\.?$/i.test(host);
}
