import { visibleLine } from "../text/visible.ts";
import type { LocalApiProblem } from "./local-api/outcome.ts";
import type { TailscaleState } from "./state.ts";

/** Characters of tailscaled's own words that are shown. */
const MOST = 200;

/** One plain sentence, and what the reader can do about it, or null where there is nothing to do. */
export interface Description {
  readonly what: string;
  readonly next: string | null;
}

/** What Tailscale is doing, for the person at the server. */
export function describeState(state: TailscaleState): Description {
  switch (state.kind) {
    case "absent":
      return {
        what: "Tailscale is not running on this machine.",
        next: "Install it from https://tailscale.com/download, or start its service.",
      };
    case "unreachable":
      return describeProblem(state.problem);
    case "no-state":
      return { what: "Tailscale has just been started and has no state yet.", next: "Wait a moment." };
    case "needs-login":
      return {
        what: state.keyExpired ? "This machine's Tailscale key has expired." : "Tailscale is not logged in.",
        next: state.url === null ? "Run: sudo tailscale up" : `Log in at ${state.url}`,
      };
    case "needs-approval":
      return {
        what: "This machine waits for approval in the tailnet.",
        next: "An admin of the tailnet approves it in the admin console, under Machines.",
      };
    case "in-use-by-other-user":
      return {
        what: "Another user of this machine holds Tailscale.",
        next: "Let that user disconnect, or run Tailscale unattended.",
      };
    case "stopped":
      return { what: "Tailscale is stopped.", next: "Run: sudo tailscale up" };
    case "starting":
      return {
        what: "Tailscale is starting.",
        next: "If it stays so, this machine reaches neither a peer nor a relay: check its internet connection.",
      };
    case "running":
      return {
        what: state.tun
          ? "Tailscale is running."
          : "Tailscale is running in userspace mode: peers arrive at 127.0.0.1.",
        next: null,
      };
  }
}

function describeProblem(problem: LocalApiProblem): Description {
  switch (problem.kind) {
    case "absent":
      return describeState({ kind: "absent" });
    case "refused-connection":
      return {
        what: "Tailscale's socket is there, but no tailscaled answers behind it.",
        next: "Start its service, on Linux: sudo systemctl start tailscaled",
      };
    case "no-permission":
      return {
        what: `This user may not ask tailscaled${problem.text === "" ? "" : ` (${visibleLine(problem.text, MOST)})`}.`,
        next: "Run the server as a user who may use Tailscale on this machine.",
      };
    case "timeout":
    case "busy":
      return { what: "tailscaled did not answer in time.", next: "If it stays so, restart its service." };
    case "disconnected":
      return { what: "tailscaled broke off its answer.", next: "If it stays so, restart its service." };
    case "http":
      return {
        what: `tailscaled answered with HTTP status ${problem.status} (${visibleLine(problem.text, MOST)}).`,
        next: "Look at its log, on Linux: journalctl -u tailscaled",
      };
    case "malformed":
      return {
        what: `tailscaled's answer can't be used (${visibleLine(problem.text, MOST)}).`,
        next: "Update Tailscale and this program.",
      };
  }
}
