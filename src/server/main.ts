/** Joins all parts into a running server. ARCHITECTURE.md describes what happens to a line on its way through them. */
import type { State } from "../core/state.ts";
import type { Observation } from "../tailnet/monitor.ts";
import type { Config } from "../config/config.ts";
import { isLost, wantedAddresses } from "../config/wanted-addresses.ts";
import type { FullStore, SavedAll } from "../store/stored.ts";
import { startCores, type Cores } from "./cores.ts";
import type { Incoming } from "./incoming.ts";
import { Listening, type ListenTrouble } from "./listening.ts";
import type { Log } from "./log.ts";
import { joinProtocols } from "./protocols.ts";
import { createIdentities, followTailscale, watchTailscale } from "./tailnet-side.ts";
import { DEFAULT_TIMINGS, type Timings } from "./timings.ts";

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

export async function startServer(options: ServerOptions): Promise<Started> {
  const { config, log } = options;
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const tailscale = await watchTailscale(config, timings);
  const cores = await startCores({ ...options, timings, now });
  const { mailbox } = cores;
  const identities = createIdentities(tailscale, { config, timings, mailbox, now });
  const incoming = joinProtocols({
    ...options,
    ...identities,
    timings,
    cores,
    tailscale,
    listening: () => listening,
    now,
  });
  const listeners = new Set<() => void>();
  const listening = listen(config, timings, log, { incoming, listeners });

  // Before the first look, so that what changes while we listen is not missed.
  const stopFollowing = followTailscale(tailscale, {
    mailbox,
    identityRefresh: identities.identityRefresh,
    now,
    onChange: (observation) => {
      log.info("tailscale", { state: observation.state.kind, addresses: observation.listenOn });
      void listening.want(wantedAddresses(config, observation));
      incoming.dropLost((address) => isLost(config, observation, address));
    },
  });
  const trouble = await listening.want(wantedAddresses(config, tailscale.monitor.current()));
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
      observation: () => tailscale.monitor.current(),
      state: () => mailbox.state,
      onChange: (listener) => void listeners.add(listener),
      stop,
    },
  };

  /** First nothing more comes in, then what was decided is stored, then everybody is sent what they were told. */
  async function stop(): Promise<void> {
    incoming.stopReading();
    listeners.clear();
    listening.stop();
    stopFollowing();
    await stopDeciding(cores, incoming, timings, log);
    await incoming.close();
    tailscale.api.close();
    cores.unstored.stop();
    cores.metrics.stop();
    await closeStore(cores, timings, log);
  }
}

function listen(
  config: Config,
  timings: Timings,
  log: Log,
  { incoming, listeners }: { readonly incoming: Incoming; readonly listeners: ReadonlySet<() => void> },
): Listening {
  const listening = new Listening({
    port: config.port,
    retry: timings.listenRetry,
    onConnection: (socket) => incoming.accept(socket),
    onChange: (change) =>
      log.info(change.open ? "listening" : "not listening any more", { address: change.address, port: listening.port }),
    onTrouble: (trouble) => log.warn("can't listen", { address: trouble.address, reason: trouble.failure.kind }),
    onSettled: () => {
      for (const listener of listeners) listener();
    },
  });
  return listening;
}

/** What was read before is decided, stored and answered. */
async function stopDeciding(cores: Cores, incoming: Incoming, { storing }: Timings, log: Log): Promise<void> {
  const { storeWatch, mailbox, groups } = cores;
  storeWatch.stop();
  groups.hurry();
  const isDone = await within(storing, allDecided(cores, incoming));
  groups.stop();
  if (isDone) return;
  const { underWay } = mailbox;
  const sealed = groups.underWay;
  if (underWay === null && sealed === null) {
    log.warn("stopping before all was answered", { requests: incoming.unanswered });
    return;
  }
  log.error("stopping while the disk takes nothing", {
    facts: [...(underWay?.facts ?? []).map(({ kind }) => kind), ...(sealed?.facts ?? []).map(({ table }) => table)],
    commands: (underWay?.commands ?? 0) + (sealed?.commands ?? 0),
  });
}

async function allDecided({ mailbox, groups }: Cores, incoming: Incoming): Promise<void> {
  await incoming.answered();
  // Not all that is decided was asked for by a session.
  await Promise.all([mailbox.idle(), groups.idle()]);
}

async function closeStore({ storeWatch }: Cores, { storing }: Timings, log: Log): Promise<void> {
  const closed = storeWatch.store.close().catch((cause: unknown) => log.error("the store did not close", {}, cause));
  if (!(await within(storing, closed))) log.error("the store did not close", { waited: storing });
}

/** Whether `work` was done within this many milliseconds. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  return await Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
}

/** Milliseconds of a monotonic clock. */
function now(): number {
  return performance.now();
}
