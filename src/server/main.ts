/** Joins all parts into a running server. ARCHITECTURE.md tells what happens to a line on its way through them. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createCoreRules } from "../core/core-rules.ts";
import { describeIdentity } from "../core/identity.ts";
import { Mailbox } from "../core/mailbox.ts";
import { initialState, type Settings, type State } from "../core/state.ts";
import { createIdentifier } from "../tailnet/identify.ts";
import { createLocalApi } from "../tailnet/local-api/client.ts";
import { findEndpoints } from "../tailnet/local-api/endpoint.ts";
import { followNodesPresent } from "../tailnet/nodes-present.ts";
import { createMonitor, type Observation } from "../tailnet/monitor.ts";
import type { CopyResult, ServerReport } from "../admin/records.ts";
import { createAdminRoutes } from "./admin-routes.ts";
import type { Config } from "../config/config.ts";
import { hostNames, type HostNames } from "./host-names.ts";
import { createOpenRoom } from "./http/open-room.ts";
import { createRoutes } from "./http/routes.ts";
import { createIncoming } from "./incoming.ts";
import { mostSockets } from "./open-files.ts";
import { Listening, type ListenTrouble } from "./listening.ts";
import type { Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { sayHealth, watchStore } from "./store-health.ts";
import { ownHost } from "./own-name.ts";
import { limitsOf } from "./session/limits.ts";
import { SlowReaders } from "./session/slow-readers.ts";
import { createScrollback } from "./scrollback.ts";
import { FrameHearers } from "./frames/hearers.ts";
import { createFramesSide } from "./frames/side.ts";
import { startGroups } from "./groups/start.ts";
import { copyName } from "../store/sqlite/backup.ts";
import type { FullStore, SavedAll } from "../store/stored.ts";
import { Sessions } from "./session/sessions.ts";
import { createSparseLog } from "./sparse-log.ts";
import { DEFAULT_TIMINGS, type Timings } from "./timings.ts";
import { IdentityRefresh } from "./identity-refresh.ts";
import { isLost, wantedAddresses } from "../config/wanted-addresses.ts";

export interface ServerOptions {
  readonly config: Config;
  readonly store: FullStore;
  /** Copies all that the store keeps into a new file; absent where it has no files. */
  readonly backUp?: (path: string) => Promise<void>;
  /** What the store held when it was opened. */
  readonly saved: SavedAll;
  readonly log: Log;
  /** The administrator's secret, see `src/admin/running-file.ts`. */
  readonly token: string;
  readonly timings?: Partial<Timings>;
}

/** What a running server can be asked, and the way to end it. */
export interface Padserve {
  readonly port: number;
  /** Where it is listening now. */
  addresses(): readonly string[];
  /** Where it should be listening, and can't. */
  troubles(): readonly ListenTrouble[];
  observation(): Observation;
  state(): State;
  /** Calls back when something that a person should know of Tailscale or of the addresses has changed. */
  onChange(listener: () => void): void;
  /** Stops accepting, sends what there is, closes everything. Takes a few seconds at most; never rejects. */
  stop(): Promise<void>;
}

/** Without a port on this machine's own address there is no server: then nothing is left running, and the store is closed. */
export type Started =
  | { readonly kind: "started"; readonly server: Padserve }
  | { readonly kind: "no-port"; readonly trouble: ListenTrouble };

export async function startServer({
  config,
  store: given,
  backUp,
  saved,
  log,
  token,
  timings: changed,
}: ServerOptions): Promise<Started> {
  const timings = { ...DEFAULT_TIMINGS, ...changed };
  const listeners = new Set<() => void>();
  const settings = settingsOf(config);

  const api = createLocalApi({ find: () => findEndpoints(config.tailscaleSocket), whoIsTimeout: timings.whoIs });
  const monitor = await createMonitor({ api, timings: timings.monitor });

  const metrics = createMetrics({ sessions: () => sessions.size, queuedBytes: () => sessions.queuedBytes() });
  const storeWatch = watchStore({
    store: given,
    every: timings.storeLook,
    timeout: timings.storeTimeout,
    now,
    onChange: (health) => sayHealth(log, health),
  });
  const { store } = storeWatch;
  const scrollback = createScrollback(config.scrollback, () => Date.now());
  const sessions = new Sessions((notice, hearers) => {
    metrics.observe(notice, hearers);
    scrollback.observe(notice);
    if (notice.kind !== "name-passed-on") return;
    const { name, from, to } = notice;
    log.info("a name passed on", { name, from: describeIdentity(from), to: describeIdentity(to) });
  });
  const onStoreFailure = (cause: unknown): void => {
    metrics.storeFailed();
    log.error("facts could not be stored", {}, cause);
  };
  const mailbox = new Mailbox(
    createCoreRules((name) => groups.keyOfName(name)),
    initialState(settings, saved),
    {
      store,
      outbox: sessions,
      clock: { wall: () => Date.now() },
      nextTurn: (turn) => void setImmediate(turn),
      writeBehind: (write) => void setTimeout(write, 2000).unref(),
      onStoreFailure,
    },
  );
  const hearers = new FrameHearers(() => groups);
  const { groups, server: self } = await startGroups({ store, saved, outbox: hearers, now, onStoreFailure });

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

  const limits = limitsOf(config);
  const slowReaders = new SlowReaders(limits);
  const openRoom = createOpenRoom({
    mailbox,
    sessions,
    identityRefresh,
    slowReaders,
    limits,
    mostText: Math.floor(config.maxLine / 4),
    host: ownHost,
    wall: () => Date.now(),
    now,
  });
  const malformed = createSparseLog((fields) => log.info("malformed frames", fields), timings.sparseLog);
  const answer = createRoutes({
    openRoom,
    place: () => ({ host: ownHost(), port: listening.port }),
    metrics,
    hostNames: ownNames,
    settings,
    async health() {
      const kept = await storeWatch.look();
      const tailscale = monitor.current().state.kind;
      return { status: kept.kind === "ok" ? "ok" : `store ${kept.kind}`, tailscale, sessions: sessions.size };
    },
    admin: createAdminRoutes({ mailbox, token, report, copy }),
  });
  const incoming = createIncoming({
    config,
    timings,
    limits,
    slowReaders,
    mailbox,
    sessions,
    identifier,
    identityRefresh,
    metrics,
    log,
    observation: () => monitor.current(),
    scrollback,
    answer,
    frames: (makeSession) =>
      createFramesSide({
        server: { ...self, name: ownHost() },
        mailbox,
        groups,
        hearers,
        scrollback,
        limits,
        hostNames: ownNames,
        port: () => listening.port,
        makeSession,
        facts: () => ({ host: ownHost(), sessions: sessions.size }),
        onMalformed: (session, where) => malformed.note({ session, where }),
        onFault: (cause) => log.error("a request could not be answered", {}, cause),
      }),
    maxSockets: mostSockets(config, log),
    now,
  });
  const listening = new Listening({
    port: config.port,
    retry: timings.listenRetry,
    onConnection: (socket) => incoming.accept(socket),
    onChange: (change) =>
      log.info(change.open ? "listening" : "not listening any more", { address: change.address, port: listening.port }),
    onTrouble: (trouble) => log.warn("can't listen", { address: trouble.address, reason: trouble.failure.kind }),
    onSettled: () => announce(),
  });

  // Before the first look, so that what changes while we listen is not missed.
  monitor.onChange((observation) => {
    log.info("tailscale", { state: observation.state.kind, addresses: observation.listenOn });
    learn(observation);
    void listening.want(wantedAddresses(config, observation));
    incoming.dropLost((address) => isLost(config, observation, address));
    void identityRefresh.askAll();
  });
  monitor.onNews(() => identityRefresh.hearNews());
  const stopFollowingNodes = followNodesPresent({
    api,
    monitor,
    onReport: (seen) => mailbox.post({ kind: "nodes-present", ...seen }),
    now,
  });

  learn(monitor.current());
  const trouble = await listening.want(wantedAddresses(config, monitor.current()));
  const own = trouble.find(({ address }) => address === "127.0.0.1");
  if (own !== undefined) {
    await stop();
    return { kind: "no-port", trouble: own };
  }
  return {
    kind: "started",
    server: {
      port: listening.port,
      addresses: () => listening.addresses,
      troubles: () => listening.troubles,
      observation: () => monitor.current(),
      state: () => mailbox.state,
      onChange: (listener) => void listeners.add(listener),
      stop,
    },
  };

  function ownNames(): HostNames {
    return hostNames(config.aliases, monitor.current(), listening.addresses);
  }

  function learn({ everAnswered, socketExists }: Observation): void {
    mailbox.post({ kind: "tailscaled-presence", present: socketExists || everAnswered });
    if (everAnswered) mailbox.post({ kind: "tailscaled-seen" });
  }

  function report(): ServerReport {
    const { state } = monitor.current();
    const { tailscaledSeen, tailscaledPresent } = mailbox.state;
    return {
      listening: listening.addresses,
      tailscale: state.kind,
      sessions: sessions.size,
      operators: config.operators,
      capability: config.capability,
      trustLocal: config.trustLocal,
      tailscaleKnown: tailscaledSeen || tailscaledPresent,
    };
  }

  async function copy(): Promise<CopyResult> {
    if (backUp === undefined) return { kind: "failed" };
    const file = copyName(randomBytes(8).toString("hex"));
    try {
      await backUp(join(config.data, file));
      log.info("backed up", { file });
      return { kind: "copied", file };
    } catch (cause) {
      log.error("the database could not be backed up", {}, cause);
      return { kind: "failed" };
    }
  }

  function announce(): void {
    for (const listener of listeners) listener();
  }

  async function stop(): Promise<void> {
    incoming.stopListening();
    listeners.clear();
    listening.stop();
    monitor.stop();
    identityRefresh.stop();
    stopFollowingNodes();
    storeWatch.stop();
    malformed.stop();
    groups.stop();
    if (!(await within(timings.storing, Promise.all([mailbox.idle(), groups.idle()])))) {
      const { facts = [], commands = 0 } = mailbox.underWay ?? {};
      log.error("stopping while the disk takes nothing", { facts: facts.map(({ kind }) => kind), commands });
    }
    await incoming.close();
    api.close();
    metrics.stop();
    const closed = store.close().catch((cause: unknown) => log.error("the store did not close", {}, cause));
    if (!(await within(timings.storing, closed))) log.error("the store did not close", { waited: timings.storing });
  }
}

/** Whether `work` was done within so many milliseconds. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  return await Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
}

/** Milliseconds of a clock that only goes forward. */
function now(): number {
  return performance.now();
}

function settingsOf(config: Config): Settings {
  return {
    operators: config.operators,
    maxSessions: config.maxConnections,
    maxSessionsPerIdentity: config.maxPerIdentity,
    maxNamesPerIdentity: 8,
    maxNamesOfLocal: config.maxLocalNames,
  };
}
