import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { CopyResult, ServerReport } from "../admin/records.ts";
import type { Config } from "../config/config.ts";
import { copyName } from "../store/sqlite/backup.ts";
import { createAdminRoutes } from "./admin-routes.ts";
import { releaseKey } from "./groups/release-key.ts";
import type { Cores } from "./cores.ts";
import { createFramesSide } from "./frames/side.ts";
import { hostNames, type HostNames } from "./host-names.ts";
import type { Answer } from "./http/connection.ts";
import { createOpenRoom } from "./http/open-room.ts";
import { createRoutes } from "./http/routes.ts";
import { createIncoming, type Incoming } from "./incoming.ts";
import type { Listening } from "./listening.ts";
import type { Log } from "./log.ts";
import { mostSockets } from "./open-files.ts";
import { ownHost } from "./own-name.ts";
import type { SessionFactory } from "./session/factory.ts";
import { limitsOf, type Limits } from "./session/limits.ts";
import { SlowReaders } from "./session/slow-readers.ts";
import { createSparseLog, type SparseLog } from "./sparse-log.ts";
import type { Identities, Tailscale } from "./tailnet-side.ts";
import type { Timings } from "./timings.ts";

export interface ProtocolsOptions extends Identities {
  readonly config: Config;
  readonly timings: Timings;
  readonly log: Log;
  /** The administrator's secret. */
  readonly token: string;
  /** Copies all that the store keeps into a new file; absent where it has no files. */
  readonly backUp?: ((path: string) => Promise<void>) | undefined;
  readonly cores: Cores;
  readonly tailscale: Tailscale;
  readonly listening: () => Listening;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** Joins all that is spoken on the port: lines, the plain door, frames and HTTP. */
export function joinProtocols(options: ProtocolsOptions): Incoming {
  const { config, tailscale, log, timings } = options;
  const limits = limitsOf(config);
  const slowReaders = new SlowReaders(limits);
  const malformed = createSparseLog((fields) => log.info("malformed frames", fields), timings.sparseLog);
  const incoming = createIncoming({
    ...options,
    ...options.cores,
    limits,
    slowReaders,
    observation: () => tailscale.monitor.current(),
    answer: createAnswer(options, { limits, slowReaders }),
    frames: (makeSession) => createFrames(options, { limits, malformed, makeSession }),
    maxSockets: mostSockets(config, log),
  });
  return {
    accept: (socket) => incoming.accept(socket),
    dropLost: (isAddressLost) => incoming.dropLost(isAddressLost),
    answered: () => incoming.answered(),
    get unanswered() {
      return incoming.unanswered;
    },
    stopReading() {
      incoming.stopReading();
      malformed.stop();
    },
    close: () => incoming.close(),
  };
}

/** What is asked by HTTP, frames apart. */
function createAnswer(
  options: ProtocolsOptions,
  { limits, slowReaders }: { readonly limits: Limits; readonly slowReaders: SlowReaders },
): Answer {
  const { config, cores, tailscale, token } = options;
  const { mailbox, groups, sessions, metrics, settings, storeWatch } = cores;
  const openRoom = createOpenRoom({
    mailbox,
    sessions,
    identityRefresh: options.identityRefresh,
    slowReaders,
    limits,
    mostText: Math.floor(config.maxLine / 4),
    host: ownHost,
    wall: () => Date.now(),
    now: options.now,
  });
  return createRoutes({
    openRoom: config.noClassic ? null : openRoom,
    place: () => ({ host: ownHost(), port: options.listening().port }),
    metrics,
    hostNames: () => ownNames(options),
    settings,
    async health() {
      const kept = await storeWatch.look();
      const state = tailscale.monitor.current().state.kind;
      return { status: kept.kind === "ok" ? "ok" : `store ${kept.kind}`, tailscale: state, sessions: sessions.size };
    },
    admin: createAdminRoutes({
      mailbox,
      token,
      report: () => report(options),
      copy: () => copy(options),
      releaseKey: (name) => releaseKey(mailbox.state, groups, name),
    }),
  });
}

function createFrames(
  options: ProtocolsOptions,
  { limits, malformed, makeSession }: FramesParts,
): ReturnType<typeof createFramesSide> {
  const { mailbox, groups, hearers, scrollback, sessions, self } = options.cores;
  return createFramesSide({
    server: { ...self, name: ownHost() },
    mailbox,
    groups,
    hearers,
    scrollback,
    openRoom: !options.config.noClassic,
    limits,
    hostNames: () => ownNames(options),
    port: () => options.listening().port,
    makeSession,
    now: options.now,
    facts: () => ({ host: ownHost(), sessions: sessions.size }),
    onMalformed: (session, where) => malformed.note({ session, where }),
    onFault: (cause) => options.log.error("a request could not be answered", {}, cause),
  });
}

interface FramesParts {
  readonly limits: Limits;
  readonly malformed: SparseLog;
  readonly makeSession: SessionFactory;
}

function ownNames({ config, tailscale, listening }: ProtocolsOptions): HostNames {
  return hostNames(config.aliases, tailscale.monitor.current(), listening().addresses);
}

/** For `padserve names` and the other commands of the administrator. */
function report({ config, cores, tailscale, listening }: ProtocolsOptions): ServerReport {
  const { tailscaledSeen, tailscaledPresent } = cores.mailbox.state;
  return {
    listening: listening().addresses,
    tailscale: tailscale.monitor.current().state.kind,
    sessions: cores.sessions.size,
    operators: config.operators,
    capability: config.capability,
    trustLocal: config.trustLocal,
    tailscaleKnown: tailscaledSeen || tailscaledPresent,
  };
}

/** For `padserve backup`. */
async function copy({ backUp, config, log }: ProtocolsOptions): Promise<CopyResult> {
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
