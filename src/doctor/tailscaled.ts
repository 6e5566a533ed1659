import { describeState } from "../tailnet/describe-state.ts";
import type { RunningState } from "../tailnet/state.ts";
import { padCall } from "../args/spec.ts";
import { visibleLine } from "../text/visible.ts";
import { fine, MOST_OF_OTHERS, type Finding } from "./findings.ts";
import type { TailscaleFacts } from "./tailscale-facts.ts";

/** Whether Tailscale is there, may be asked, and runs. */
export function examineTailscaled(facts: TailscaleFacts): readonly Finding[] {
  const { state } = facts.observation;
  switch (state.kind) {
    case "absent":
      return [absent(facts)];
    case "unreachable":
      return [unreachable(facts)];
    case "running":
      return [answers(facts), running(state)];
    default:
      return [answers(facts), notRunning(facts)];
  }
}

function answers({ version, place }: TailscaleFacts): Finding {
  // Behind the dash stand the commits that it was built from.
  const short = visibleLine(version ?? "", MOST_OF_OTHERS).split("-")[0] ?? "";
  return fine("tailscaled", `${short === "" ? "of an unknown version" : short}, answers at ${place ?? "?"}`);
}

function absent({ tried, observation }: TailscaleFacts): Finding {
  const nowhere = `Nothing is at ${tried.join(" or ")}.`;
  const { what, next } = describeState(observation.state);
  if (observation.listenOn.length === 0) {
    return { area: "tailscaled", level: "error", what, cause: nowhere, next: next ?? "" };
  }
  return {
    area: "tailscaled",
    level: "warning",
    what: `It is not found, but its addresses are here: ${observation.listenOn.join(", ")}.`,
    cause: `${nowhere} Without it nobody's login is known, and a name belongs to a bare address.`,
    next: "Say where its socket is with --tailscale-socket.",
  };
}

function unreachable({ place, observation }: TailscaleFacts): Finding {
  const { what, next } = describeState(observation.state);
  return {
    area: "tailscaled",
    level: "error",
    what,
    cause: `It was asked at ${place ?? "?"}. Who can't be asked for is not let in.`,
    next: next ?? "",
  };
}

function notRunning({ observation: { state } }: TailscaleFacts): Finding {
  const passing = state.kind === "starting" || state.kind === "no-state";
  const { what, next } = describeState(state);
  return {
    area: "state",
    level: passing ? "warning" : "error",
    what,
    cause: "Until it is Running, only this machine itself is reached.",
    next: next ?? "",
  };
}

function running({ tun, self, addresses }: RunningState): Finding {
  if (tun) return fine("state", "Running, with a network interface of its own (TUN)");
  return {
    area: "state",
    level: "note",
    what: "Running in userspace mode: the tailnet arrives at 127.0.0.1.",
    cause: "tailscaled says who is who there; whoever comes to localhost from this machine itself is not let in.",
    next: `To chat from this machine, too, call it by its name: ${padCall()} chat ${self.nodeName || addresses[0]}`,
  };
}
