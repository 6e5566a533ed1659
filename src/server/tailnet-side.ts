import type { Config } from "../config/config.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { createIdentifier, type Identifier } from "../tailnet/identify.ts";
import { createLocalApi, type LocalApi } from "../tailnet/local-api/client.ts";
import { findEndpoints } from "../tailnet/local-api/endpoint.ts";
import { createMonitor, type Monitor, type Observation } from "../tailnet/monitor.ts";
import { followNodesPresent } from "../tailnet/nodes-present.ts";
import { IdentityRefresh } from "./identity-refresh.ts";
import type { Timings } from "./timings.ts";

/** What tailscaled says: its state, watched, and the way to ask it. */
export interface Tailscale {
  readonly api: LocalApi;
  readonly monitor: Monitor;
}

/** Who is behind a connection, asked when it comes and again as long as it stays. */
export interface Identities {
  readonly identifier: Identifier;
  readonly identityRefresh: IdentityRefresh;
}

/** Asks for Tailscale's state and watches it from then on. */
export async function watchTailscale(config: Config, timings: Timings): Promise<Tailscale> {
  const api = createLocalApi({ find: () => findEndpoints(config.tailscaleSocket), whoIsTimeout: timings.whoIs });
  return { api, monitor: await createMonitor({ api, timings: timings.monitor }) };
}

export function createIdentities(
  { api, monitor }: Tailscale,
  { config, timings, mailbox, now }: IdentitiesOptions,
): Identities {
  const identifier = createIdentifier({
    api,
    observe: () => monitor.current(),
    knownBefore: () => mailbox.state.tailscaledSeen,
    trustLocal: config.trustLocal,
    capability: config.capability,
  });
  const identityRefresh = new IdentityRefresh({
    identifier,
    mayAsk: () => monitor.current().state.kind === "running",
    post: (command) => mailbox.post(command),
    every: timings.refreshEvery,
    newsEvery: timings.refreshNews,
    offlineAfter: timings.offlineAfter,
    now,
  });
  return { identifier, identityRefresh };
}

export interface IdentitiesOptions {
  readonly config: Config;
  readonly timings: Timings;
  readonly mailbox: Mailbox;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** Tells the core, and whoever else it concerns, what Tailscale's state is, now and whenever it changes. Returns a function that stops this. */
export function followTailscale(
  { api, monitor }: Tailscale,
  { mailbox, identityRefresh, now, onChange }: FollowOptions,
): () => void {
  monitor.onChange((observation) => {
    tell(mailbox, observation);
    onChange(observation);
    void identityRefresh.askAll();
  });
  monitor.onNews(() => identityRefresh.hearNews());
  const stopFollowingNodes = followNodesPresent({
    api,
    monitor,
    onReport: (seen) => mailbox.post({ kind: "nodes-present", ...seen }),
    now,
  });
  tell(mailbox, monitor.current());
  return () => {
    monitor.stop();
    identityRefresh.stop();
    stopFollowingNodes();
  };
}

export interface FollowOptions {
  readonly mailbox: Mailbox;
  readonly identityRefresh: IdentityRefresh;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly onChange: (observation: Observation) => void;
}

function tell(mailbox: Mailbox, { everAnswered, socketExists }: Observation): void {
  mailbox.post({ kind: "tailscaled-presence", present: socketExists || everAnswered });
  if (everAnswered) mailbox.post({ kind: "tailscaled-seen" });
}
