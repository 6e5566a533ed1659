import { openListener, type ListenFailure } from "../net/listener.ts";
import { portOwner } from "../net/port-owner.ts";
import { LOOPBACK, withPort } from "../config/wanted-addresses.ts";
import type { Contents } from "./data-facts.ts";
import type { Observation } from "../tailnet/observe.ts";
import { fine, type Finding } from "./findings.ts";
import { askHealth } from "./http-probe.ts";
import { byTcp } from "./ways.ts";

export type PortFacts =
  | {
      readonly kind: "ours";
      readonly server: Extract<Contents, { kind: "running" }>;
      readonly wanted: readonly string[];
    }
  | { readonly kind: "any" }
  | { readonly kind: "free"; readonly port: number; readonly addresses: readonly string[] }
  | {
      readonly kind: "taken";
      readonly port: number;
      readonly address: string;
      readonly failure: ListenFailure;
      readonly owner: string | null;
      readonly isPadserve: boolean;
    };

/**
 * @param wanted where a server would listen now.
 * @param contents of the data folder: a server that runs there has the port.
 */
export async function gatherPort(
  port: number,
  wanted: readonly string[],
  contents: Contents | null,
): Promise<PortFacts> {
  if (contents?.kind === "running") return { kind: "ours", server: contents, wanted };
  if (port === 0) return { kind: "any" };
  for (const address of wanted) {
    const result = await openListener({ address, port, onConnection: (socket) => socket.destroy() });
    if (result.kind === "listening") result.listener.close();
    else if (matters(address, result)) {
      const isPadserve =
        result.kind === "address-in-use" &&
        (await askHealth(byTcp("127.0.0.1", port), "127.0.0.1", 1000)).kind === "watched";
      return { kind: "taken", port, address, failure: result, owner: portOwner(address, port), isPadserve };
    }
  }
  return { kind: "free", port, addresses: wanted };
}

/** A machine may be without IPv6; a server needs 127.0.0.1 alone. */
function matters(address: string, { kind }: ListenFailure): boolean {
  return address === "127.0.0.1" || kind === "address-in-use";
}

/** Whether a server can have its port, or has it, wherever it should. */
export function examinePort(facts: PortFacts, tailscale: Pick<Observation, "state" | "mode">): readonly Finding[] {
  switch (facts.kind) {
    case "any":
      return [fine("port", "any that is free (--port 0)")];
    case "free":
      return [fine("port", `${facts.port} is free`)];
    case "ours":
      return ours(facts, tailscale);
    case "taken":
      return [taken(facts)];
  }
}

function ours(
  { server: { server, report }, wanted }: Extract<PortFacts, { kind: "ours" }>,
  { state, mode }: Pick<Observation, "state" | "mode">,
): readonly Finding[] {
  const { port, pid } = server;
  const where = report.listening.filter((address) => !isLoopback(address)).map((address) => withPort(address, port));
  const only = mode === "userspace" ? `127.0.0.1:${port}, for the tailnet` : `${port}, for this machine only`;
  const runs = fine(
    "port",
    `${where.length === 0 ? only : where.join(", ")}: process ${pid}, ${report.sessions} here now`,
  );
  if (report.tailscale !== state.kind) {
    return [
      runs,
      {
        area: "port",
        level: "warning",
        what: `The running server sees Tailscale as ${report.tailscale}, this command as ${state.kind}.`,
        cause: "It was told to use another socket, its user may ask less than you, or things are changing just now.",
        next: "Ask again in a moment; then compare --tailscale-socket, and look at the server's log.",
      },
    ];
  }
  const missing = wanted.filter((address) => !isLoopback(address) && !report.listening.includes(address));
  if (missing.length === 0) return [runs];
  return [
    runs,
    {
      area: "port",
      level: "warning",
      what: `The running server does not listen on ${missing.join(", ")}.`,
      cause: "It was told to leave it out (--ipv4, --ipv6), or another program has the port there.",
      next: "Look at its log for: can't listen.",
    },
  ];
}

function taken({ port, address, failure, owner, isPadserve }: Extract<PortFacts, { kind: "taken" }>): Finding {
  const by = owner === null ? "" : ` by ${owner}`;
  if (isPadserve) {
    return {
      area: "port",
      level: "warning",
      what: `${port} is taken${by}: a Padserve that keeps its data in another folder.`,
      cause: "What is said here about data and operators is not about that server.",
      next: "Name its folder with --data, or another port with --port.",
    };
  }
  if (failure.kind === "address-in-use") {
    return {
      area: "port",
      level: "error",
      what: `${port} is taken${by === "" ? " by another program" : by}.`,
      cause: `Something listens on ${withPort(address, port)}.`,
      next: "Stop that program, or choose another port with --port.",
    };
  }
  return {
    area: "port",
    level: "error",
    what: `A server could not listen on ${withPort(address, port)}.`,
    cause: `${failure.error.message}.`,
    next: "Choose another port with --port; those below 1024 need a special right.",
  };
}

function isLoopback(address: string): boolean {
  return LOOPBACK.some((own) => own === address);
}
