import { isLoopback, ownAddresses } from "../tailnet/addresses.ts";
import { createLocalApi } from "../tailnet/local-api/client.ts";
import { findEndpoints } from "../tailnet/local-api/endpoint.ts";
import type { Config } from "../config/config.ts";
import { wantedAddresses } from "../config/wanted-addresses.ts";
import { examineAddresses } from "./addresses.ts";
import { examineClock } from "./clock.ts";
import { gatherData, type DataFacts } from "./data-facts.ts";
import { examineData } from "./data.ts";
import type { Finding } from "./findings.ts";
import { examineNodeSettings } from "./node-settings.ts";
import { examineOperators, type OperatorFacts } from "./operators.ts";
import { examinePort, gatherPort } from "./port.ts";
import type { ServerAddress } from "../client/transport/index.ts";
import { gatherReach, type ReachFacts } from "./reach-facts.ts";
import { examineReach } from "./reach.ts";
import { gatherTailscale, type TailscaleFacts } from "./tailscale-facts.ts";
import { examineTailscaled } from "./tailscaled.ts";
import { throughTailscaled } from "./ways.ts";
import { examineYou } from "./you.ts";

/** This machine, as the home of a server with this configuration. A server that runs is asked, and not disturbed. */
export async function examineServer(config: Config): Promise<readonly Finding[]> {
  const now = Date.now();
  const data = await gatherData(config.data);
  const effective = { ...config, ...reportOf(data) };
  const tailscale = await gatherTailscale({
    socket: config.tailscaleSocket,
    capability: effective.capability,
    askForGrants: true,
    now,
  });
  const { observation, nodeCreated } = tailscale;
  const port = await gatherPort(config.port, wantedAddresses(config, observation), data.contents);
  return [
    ...examineTailscaled(tailscale),
    ...examineAddresses(tailscale),
    ...examineNodeSettings(tailscale, now),
    ...examineOperators(operatorFacts(effective, data, tailscale)),
    ...examineData(data),
    ...examinePort(port, observation),
    ...examineClock({ now, nodeCreated, newest: heldIn(data)?.newest ?? null }),
  ];
}

/** The way from this machine to a server. */
export async function examineWay(target: ServerAddress, tailscaleSocket: string | null): Promise<readonly Finding[]> {
  const now = Date.now();
  const tailscale = await gatherTailscale({ socket: tailscaleSocket, capability: "", askForGrants: false, now });
  const reach = await gatherReachBy(target, tailscale, tailscaleSocket);
  return [
    ...ofUse(examineTailscaled(tailscale), reach),
    ...examineReach(reach, tailscale),
    ...examineYou(reach, tailscale, ownAddresses()),
    ...examineClock({ now, nodeCreated: tailscale.nodeCreated, newest: null }),
  ];
}

/** A system beside a tailscaled in userspace mode has no way into the tailnet: `pad` goes through that, and so do we. */
async function gatherReachBy(
  target: ServerAddress,
  { observation }: TailscaleFacts,
  socket: string | null,
): Promise<ReachFacts> {
  const { state } = observation;
  const isHere = isLoopback(target.host) || target.host === "localhost";
  if (isHere || state.kind !== "running" || state.tun) return gatherReach(target, null);
  const api = createLocalApi({ find: () => findEndpoints(socket) });
  try {
    return await gatherReach(target, throughTailscaled(api, target.host, target.port));
  } finally {
    api.close();
  }
}

/** What Tailscale here lacks is no trouble to whom the server answers; what is only about serving doesn't belong here. */
function ofUse(findings: readonly Finding[], { greetings }: ReachFacts): readonly Finding[] {
  const answered = greetings.some(([, { kind }]) => kind === "classic");
  return findings.filter(({ level }) => level !== "note").map((finding) => (answered ? softened(finding) : finding));
}

function softened(finding: Finding): Finding {
  return finding.level === "ok" ? finding : { ...finding, level: "note" };
}

/** A running server's own word on its configuration counts more than what this command was told. */
function reportOf({ contents }: DataFacts): Partial<Pick<Config, "operators" | "capability" | "trustLocal">> {
  if (contents?.kind !== "running") return {};
  const { operators, capability, trustLocal } = contents.report;
  return { operators, capability, trustLocal };
}

function operatorFacts(config: Config, data: DataFacts, tailscale: TailscaleFacts): OperatorFacts {
  const { contents } = data;
  const { socketExists, state } = tailscale.observation;
  return {
    state,
    tailscaleKnown:
      socketExists ||
      (contents?.kind === "running" && contents.report.tailscaleKnown) ||
      (contents?.kind === "stopped" && contents.tailscaleSeen),
    configured: config.operators,
    capability: config.capability,
    trustLocal: config.trustLocal,
    granted: tailscale.granted,
    first: heldIn(data)?.first ?? null,
    claims: contents === null || contents.kind === "nothing" ? [] : (heldIn(data)?.claims ?? null),
  };
}

function heldIn({ contents }: DataFacts) {
  return contents?.kind === "running" || contents?.kind === "stopped" ? contents.held : null;
}
