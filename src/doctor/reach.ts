import { isIP } from "node:net";
import { isLoopback, isTailscaleAddress } from "../tailnet/addresses.ts";
import { withPort } from "../config/wanted-addresses.ts";
import { fine, type Finding } from "./findings.ts";
import type { Greeting } from "./greeting.ts";
import type { ReachFacts } from "./reach-facts.ts";
import type { TailscaleFacts } from "./tailscale-facts.ts";

/** Whether a server is found and reached, over each family, how fast, and by which protocols. */
export function examineReach(facts: ReachFacts, tailscale: TailscaleFacts): readonly Finding[] {
  const anyOpen = facts.greetings.some(([, { kind }]) => kind !== "unreachable");
  return [
    ...found(facts, tailscale),
    ...facts.greetings.map((greeting) => family(greeting, facts, tailscale, anyOpen)),
    ...protocols(facts),
    ...clocks(facts),
  ];
}

function found(
  { target: { host }, lookup }: ReachFacts,
  { prefs, magicDns, observation: { mode } }: TailscaleFacts,
): readonly Finding[] {
  if (!("error" in lookup)) {
    const { addresses, milliseconds } = lookup;
    return addresses.length === 1 && addresses[0] === host
      ? []
      : [fine("lookup", `${host} is ${addresses.join(", ")} (${time(milliseconds)})`)];
  }
  const cause =
    // In userspace mode names are tailscaled's affair, whatever the system takes from it.
    prefs?.CorpDNS === false && mode !== "userspace"
      ? "This machine does not take names from the tailnet (--accept-dns=false)."
      : magicDns === false
        ? "The tailnet has no MagicDNS, so its machines have no names."
        : "Neither the tailnet nor any other name server knows it.";
  return [
    {
      area: "lookup",
      level: "error",
      what: `Nobody knows a machine of the name ${host}.`,
      cause,
      next: "Look for its name or address with: tailscale status",
    },
  ];
}

function family(
  [address, greeting]: ReachFacts["greetings"][number],
  { target: { port } }: ReachFacts,
  { observation: { state } }: TailscaleFacts,
  anyOpen: boolean,
): Finding {
  const area = areaOf(address);
  if (greeting.kind !== "unreachable") {
    const answered = greeting.kind === "classic" ? `, answers in ${time(greeting.answered)}` : "";
    return fine(area, `${withPort(address, port)} connects in ${time(greeting.connected)}${answered}`);
  }
  const [cause, next] =
    isTailscaleAddress(address) && state.kind !== "running"
      ? ["This machine's own Tailscale is not running.", "Look at the lines above."]
      : explain(greeting.code, port);
  return {
    area,
    // Another way in is enough to talk.
    level: anyOpen ? "warning" : "error",
    what: `${withPort(address, port)} can't be reached (${greeting.code}).`,
    cause,
    next,
  };
}

/** A name that only tailscaled knows is tried as it is. */
function areaOf(address: string): "tailnet" | "IPv4" | "IPv6" {
  const version = isIP(address);
  return version === 0 ? "tailnet" : version === 4 ? "IPv4" : "IPv6";
}

function explain(code: string, port: number): readonly [cause: string, next: string] {
  switch (code) {
    case "ECONNREFUSED":
      return [
        `The machine is there, and nothing listens on port ${port}.`,
        "Start the server there, or name its port: NAME:PORT",
      ];
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "EADDRNOTAVAIL":
      return ["This machine has no way there.", "Run: tailscale status (both must be in the tailnet, and online)"];
    default:
      return [
        "Nothing came back: the machine is off, or shields up or the tailnet's policy keeps you out.",
        `Run: tailscale ping there; let its admin run padserve doctor, and look whether the policy allows tcp:${port}.`,
      ];
  }
}

function protocols({ greetings, health, target }: ReachFacts): readonly Finding[] {
  const open = greetings.map(([, greeting]) => greeting).filter((greeting) => greeting.kind !== "unreachable");
  if (open.length === 0) return [];
  if (open.every(({ kind }) => kind === "no-padserve")) return [stranger(open)];
  const http = health !== null && health.kind !== "no-http";
  const spoken = fine("protocols", open.some(({ kind }) => kind === "sealed-only") ? SEALED_ONLY : classic(http));
  if (health?.kind !== "another-name") return [spoken];
  return [
    spoken,
    {
      area: "protocols",
      level: "note",
      what: `Over HTTP the server does not answer to the name ${target.host}.`,
      cause: "It knows its MagicDNS name, its host name and its addresses only.",
      next: `If you want that name for /healthz and /metrics: padserve serve --alias ${target.host}`,
    },
  ];
}

const SEALED_ONLY = "frames; HTTP (--no-classic: the original's clients, nc and curl are refused, pad chat is not)";

function classic(http: boolean): string {
  return http ? "classic; HTTP" : "classic (no HTTP: a server of the original)";
}

function stranger(open: readonly Greeting[]): Finding {
  const silent = open.every((greeting) => greeting.kind === "no-padserve" && greeting.silent);
  return {
    area: "protocols",
    level: "error",
    what: silent ? "It connects, and says nothing or hangs up." : "What answers there is no Padserve.",
    cause: "Another program has that port, or one in between takes the connection.",
    next: "Ask for the server's port, and name it: NAME:PORT",
  };
}

/** Two machines' clocks, as far as whole seconds and the way between them tell. */
function clocks({ health, asked }: ReachFacts): readonly Finding[] {
  const date = health === null || health.kind === "no-http" ? null : health.date;
  if (date === null || Math.abs(date - asked) < 60_000) return [];
  const minutes = Math.round(Math.abs(date - asked) / 60_000);
  return [
    {
      area: "clock",
      level: "warning",
      what: `The server's clock is ${minutes} min ${date < asked ? "behind" : "ahead of"} this one.`,
      cause: "One of the two is wrong.",
      next: "Set it, on Linux: timedatectl set-ntp true",
    },
  ];
}

function time(milliseconds: number): string {
  return milliseconds < 1 ? "less than 1 ms" : `${Math.round(milliseconds)} ms`;
}

/** Whether an address is this very machine's. */
export function isOwn(address: string, own: ReadonlySet<string>): boolean {
  return isLoopback(address) || own.has(address);
}
