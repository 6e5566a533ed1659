/**
 * `doctor`: `padserve doctor`: facts are gathered first, then judged by pure functions into findings, then shown. It changes
 * nothing on the machine.
 */

import { padCall } from "../args/spec.ts";
import type { RunningState } from "../tailnet/state.ts";
import { fine, type Finding } from "./findings.ts";
import type { TailscaleFacts } from "./tailscale-facts.ts";

/** Under which addresses and which name others reach this machine. */
export function examineAddresses(facts: TailscaleFacts): readonly Finding[] {
  const { state } = facts.observation;
  return state.kind === "running" ? [addresses(state, facts), name(state, facts)] : [];
}

function addresses({ addresses: own, tun }: RunningState, { observation }: TailscaleFacts): Finding {
  if (own.length === 0) {
    return {
      area: "addresses",
      level: "error",
      what: "This machine has no address in the tailnet.",
      cause: "tailscaled is Running and has been given none.",
      next: "Look at the machine in the admin console; run: tailscale status",
    };
  }
  const { missing } = observation;
  if (tun && missing.length > 0) {
    return {
      area: "addresses",
      level: "warning",
      what: `Not on any interface: ${missing.join(", ")}.`,
      cause: "tailscaled promises them, the system lacks them; nobody arrives there.",
      next: "If it stays so, restart tailscaled; for IPv6, see whether the system has it turned off.",
    };
  }
  return fine("addresses", own.join(", "));
}

function name({ self, addresses: [address = "its address"] }: RunningState, { magicDns }: TailscaleFacts): Finding {
  if (self.dnsName !== "" && magicDns !== false) return fine("name", `${self.dnsName}, in short: ${self.nodeName}`);
  return {
    area: "name",
    level: "note",
    what: "Others can't find this machine by name.",
    cause: "The tailnet has no MagicDNS.",
    next: `They join with: ${padCall()} chat ${address}; or an admin of the tailnet turns MagicDNS on.`,
  };
}
