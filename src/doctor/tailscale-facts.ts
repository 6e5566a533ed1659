import { networkInterfaces } from "node:os";
import type { Prefs } from "../tailnet/local-api/answers.ts";
import { createLocalApi, type LocalApi } from "../tailnet/local-api/client.ts";
import { findEndpoints, type Endpoint } from "../tailnet/local-api/endpoint.ts";
import { nothingObserved, observeStatus, type Observation } from "../tailnet/observe.ts";
import { granted, type Granted } from "./granted.ts";

/** What is known of Tailscale on this machine; what couldn't be asked is null. */
export interface TailscaleFacts {
  /** Where a tailscaled was looked for, as a person would write it. */
  readonly tried: readonly string[];
  /** Where one answered, or at least is. */
  readonly place: string | null;
  readonly version: string | null;
  readonly observation: Observation;
  readonly prefs: Prefs | null;
  /** Whether the tailnet gives its nodes names. */
  readonly magicDns: boolean | null;
  /** When the control server made this node, by its clock; milliseconds since 1970. */
  readonly nodeCreated: number | null;
  /** Who is operator by the tailnet's policy. */
  readonly granted: Granted | null;
}

export interface TailscaleQuestions {
  readonly socket: string | null;
  readonly capability: string;
  /** Whether to ask for each peer what the policy lets it do. */
  readonly askForGrants: boolean;
  readonly now: number;
}

/** Asks tailscaled, wherever it is. Never rejects. */
export async function gatherTailscale(questions: TailscaleQuestions): Promise<TailscaleFacts> {
  const endpoints = await findEndpoints(questions.socket);
  let best: TailscaleFacts | null = null;
  for (const endpoint of endpoints) {
    const facts = await askAt(endpoint, questions);
    if (facts.version !== null) return { ...facts, tried: endpoints.map(placeOf) };
    if (best === null || !best.observation.socketExists) best = facts;
  }
  return { ...(best ?? nothingKnown()), tried: endpoints.map(placeOf) };
}

async function askAt(endpoint: Endpoint, questions: TailscaleQuestions): Promise<TailscaleFacts> {
  const api = createLocalApi({ find: () => Promise.resolve([endpoint]) });
  try {
    return await ask(api, placeOf(endpoint), questions);
  } finally {
    api.close();
  }
}

async function ask(api: LocalApi, place: string, questions: TailscaleQuestions): Promise<TailscaleFacts> {
  const status = await api.status();
  const observation = observeStatus(nothingObserved, status, networkInterfaces(), questions.now);
  if (!status.ok) return { ...nothingKnown(), place: observation.socketExists ? place : null, observation };
  const prefs = await api.prefs();
  const { Version: version, CurrentTailnet: tailnet, Self: self } = status.value;
  const created = Date.parse(self?.Created ?? "");
  return {
    tried: [],
    place,
    version,
    observation,
    prefs: prefs.ok ? prefs.value : null,
    magicDns: tailnet === null ? null : tailnet.MagicDNSEnabled,
    // The zero time of Go, year 1, stands for "not known".
    nodeCreated: created > 0 ? created : null,
    granted: questions.askForGrants ? await granted(api, observation.state, questions.capability) : null,
  };
}

function nothingKnown(): TailscaleFacts {
  return {
    tried: [],
    place: null,
    version: null,
    observation: observeStatus(nothingObserved, { ok: false, problem: { kind: "absent" } }, networkInterfaces(), 0),
    prefs: null,
    magicDns: null,
    nodeCreated: null,
    granted: null,
  };
}

function placeOf(endpoint: Endpoint): string {
  return endpoint.kind === "socket" ? endpoint.path : `port ${endpoint.port} of 127.0.0.1`;
}
