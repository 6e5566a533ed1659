import { presentAddresses, tailscaleInterfaceAddresses } from "./addresses.ts";
import type { NetworkInterfaces } from "./addresses.ts";
import type { Status } from "./local-api/answers.ts";
import type { Outcome } from "./local-api/outcome.ts";
import { stateFromStatus } from "./state.ts";
import type { TailscaleState } from "./state.ts";

/** All that is known of Tailscale on this machine, at one moment. */
export interface Observation {
  readonly state: TailscaleState;
  /** The Tailscale addresses to listen on, besides loopback; each was on an interface a moment ago. */
  readonly listenOn: readonly string[];
  /** Addresses that tailscaled calls ours and that no interface has (yet). */
  readonly missing: readonly string[];
  /** Whether a tailscaled has answered since this process started. */
  readonly everAnswered: boolean;
  /** Whether there is a socket, pipe or port of a tailscaled, answering or not. */
  readonly socketExists: boolean;
  /** Where tailnet peers arrive, as tailscaled said last in this process, whatever its state is now. */
  readonly mode: "tun" | "userspace" | "unknown";
  /** Our node's stable id, as tailscaled said last in this process. */
  readonly selfId: string | null;
}

/** Before the first question. */
export const nothingObserved: Observation = {
  state: { kind: "absent" },
  listenOn: [],
  missing: [],
  everAnswered: false,
  socketExists: false,
  mode: "unknown",
  selfId: null,
};

/** The observation after an answer to `status`. `now`: milliseconds since 1970. */
export function observeStatus(
  before: Observation,
  outcome: Outcome<Status>,
  interfaces: NetworkInterfaces,
  now: number,
): Observation {
  if (!outcome.ok) {
    const absent = outcome.problem.kind === "absent";
    const state: TailscaleState = absent ? { kind: "absent" } : { kind: "unreachable", problem: outcome.problem };
    return observeInterfaces({ ...before, state, socketExists: !absent }, interfaces);
  }
  const { TUN: tun, Self: self } = outcome.value;
  return observeInterfaces(
    {
      ...before,
      state: stateFromStatus(outcome.value, now),
      everAnswered: true,
      socketExists: true,
      mode: tun === null ? "unknown" : tun ? "tun" : "userspace",
      selfId: self === null || self.ID === "" ? null : self.ID,
    },
    interfaces,
  );
}

/** The same state, seen against what the interfaces have now. */
export function observeInterfaces(observation: Observation, interfaces: NetworkInterfaces): Observation {
  const { state, listenOn } = observation;
  switch (state.kind) {
    case "running": {
      // In userspace mode no interface has them; peers arrive at loopback.
      const present = state.tun ? presentAddresses(state.addresses, interfaces) : [];
      const missing = state.tun ? state.addresses.filter((address) => !present.includes(address)) : [];
      return { ...observation, listenOn: present, missing };
    }
    case "absent":
      return { ...observation, listenOn: tailscaleInterfaceAddresses(interfaces), missing: [] };
    case "unreachable":
      // tailscaled called them ours, and they are still there: whoever comes now is told why they are refused.
      return { ...observation, listenOn: presentAddresses(listenOn, interfaces), missing: [] };
    default:
      return { ...observation, listenOn: [], missing: [] };
  }
}
