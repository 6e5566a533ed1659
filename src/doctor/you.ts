import type { RunningState, TailscaleState } from "../tailnet/state.ts";
import { fine, type Finding } from "./findings.ts";
import type { Greeting, TurnedAway } from "./greeting.ts";
import type { ReachFacts } from "./reach-facts.ts";
import { isOwn } from "./reach.ts";
import type { TailscaleFacts } from "./tailscale-facts.ts";

/**
 * Who the server takes us for. The classic protocol has no way to ask, so this is what can be had honestly: whether it lets
 * us in, whether it shows us what it shows operators, and whom our own tailscaled calls this machine.
 *
 * @param own the addresses of this machine.
 */
export function examineYou(
  { greetings, health }: ReachFacts,
  { observation: { state, mode } }: TailscaleFacts,
  own: ReadonlySet<string>,
): readonly Finding[] {
  const [address, greeting] = greetings.find(([, { kind }]) => kind === "classic" || kind === "turned-away") ?? [];
  if (address === undefined || greeting === undefined) return [];
  const away = reasonOf(greeting);
  if (away !== null) return [turnedAway(away, state)];
  const watched = health?.kind === "watched";
  if (isOwn(address, own) && mode !== "userspace") return [fine("you", "a user of the server's own machine")];
  const who = state.kind === "running" ? ownName(state) : "this machine's address, as no Tailscale here says more";
  return [fine("you", `${who}${watched ? "; an operator there" : ""}`)];
}

function reasonOf(greeting: Greeting): TurnedAway | null {
  return greeting.kind === "turned-away" ? greeting.reason : null;
}

function ownName({ self }: RunningState): string {
  if (self.ownerLogin !== null) return `${self.ownerLogin}, says this machine's Tailscale`;
  return `the machine ${self.nodeName}${self.tags.length === 0 ? "" : ` (${self.tags.join(", ")})`}, says its Tailscale`;
}

function turnedAway(reason: TurnedAway, state: TailscaleState): Finding {
  switch (reason) {
    case "not-a-member":
      return {
        area: "you",
        level: "error",
        what: "The server does not know you: not a member of its tailnet.",
        cause:
          state.kind === "running"
            ? "Your connection does not arrive from an address of its tailnet, or its tailnet is another one."
            : "This machine's own Tailscale is not running.",
        next: "Use the server's Tailscale name, and look with tailscale status whether both are in one tailnet.",
      };
    case "identity-unavailable":
      return {
        area: "you",
        level: "error",
        what: "The server can't find out who you are, and lets in nobody new.",
        cause: "Its tailscaled doesn't answer it.",
        next: "Its administrator runs padserve doctor there.",
      };
    case "server-full":
      return {
        area: "you",
        level: "error",
        what: "The server is full, or you have too many connections to it.",
        cause: "It has a limit for all, and one for each person or machine.",
        next: "Close some, or let its administrator raise --max-connections or --max-per-identity.",
      };
  }
}
