import type { TailscaleFacts } from "../../src/doctor/tailscale-facts.ts";
import { nothingObserved } from "../../src/tailnet/observe.ts";
import type { RunningState, TailscaleState } from "../../src/tailnet/state.ts";

/** A node of alice's, running with TUN. */
export const RUNNING: RunningState = {
  kind: "running",
  addresses: ["100.64.0.1", "fd7a:115c:a1e0::1"],
  tun: true,
  self: {
    stableId: "n1CNTRL",
    dnsName: "chat.tail1234.ts.net",
    nodeName: "chat",
    ownerLogin: "alice@example.com",
    tags: [],
    keyExpiry: null,
  },
  magicDnsSuffix: "tail1234.ts.net",
  certDomains: [],
};

/** What tailscaled says of that node, or of another state; `facts`: what differs. */
export function tailscaleFacts(state: TailscaleState = RUNNING, facts: Partial<TailscaleFacts> = {}): TailscaleFacts {
  return {
    tried: ["/var/run/tailscale/tailscaled.sock"],
    place: "/var/run/tailscale/tailscaled.sock",
    version: "1.102.3-t53a0d659a",
    observation: { ...nothingObserved, state, socketExists: state.kind !== "absent" },
    prefs: { ShieldsUp: false, CorpDNS: true, ControlURL: "https://controlplane.tailscale.com" },
    magicDns: true,
    nodeCreated: null,
    granted: null,
    ...facts,
  };
}
