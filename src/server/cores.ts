import type { Config } from "../config/config.ts";
import { createCoreRules } from "../core/core-rules.ts";
import { describeIdentity } from "../core/identity.ts";
import { Mailbox } from "../core/mailbox.ts";
import type { Notice } from "../core/notices.ts";
import { initialState, type Settings } from "../core/state.ts";
import { freeRoom } from "../disk/free-room.ts";
import type { ServerRow } from "../groups/rows.ts";
import type { Settings as GroupSettings } from "../groups/settings.ts";
import type { FullStore, SavedAll, StoredFact } from "../store/stored.ts";
import { FrameHearers } from "./frames/hearers.ts";
import { BansInGroups } from "./groups/group-bans.ts";
import type { GroupService } from "./groups/service.ts";
import { startGroups } from "./groups/start.ts";
import type { Log } from "./log.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createScrollback, type Scrollback } from "./scrollback.ts";
import { Sessions } from "./session/sessions.ts";
import { sayHealth, watchStore, type StoreWatch } from "./store-health.ts";
import { createSparseLog, type SparseLog } from "./sparse-log.ts";
import type { Timings } from "./timings.ts";

export interface CoresOptions {
  readonly config: Config;
  readonly store: FullStore;
  readonly saved: SavedAll;
  readonly log: Log;
  readonly timings: Timings;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** The two cores at work, the open room's (`mailbox`) and the delivery service's (`groups`), and whom they tell. */
export interface Cores {
  /** The store under watch, for both. */
  readonly storeWatch: StoreWatch<SavedAll, StoredFact>;
  /** Tells of what the store refused, which everybody can ask for. */
  readonly unstored: SparseLog;
  readonly settings: Settings;
  readonly mailbox: Mailbox;
  readonly sessions: Sessions;
  readonly metrics: Metrics;
  readonly scrollback: Scrollback;
  readonly groups: GroupService;
  readonly hearers: FrameHearers;
  /** Which server this is, among all that the devices know. */
  readonly self: ServerRow;
  /** Somebody was banned, or a ban was lifted, or nothing came of it. */
  readonly onModerated: () => void;
}

/** Rejects where a first start can't store which server this is. */
export async function startCores({ config, saved, log, timings, now, ...options }: CoresOptions): Promise<Cores> {
  const storeWatch = watchStore({
    store: options.store,
    every: timings.storeLook,
    timeout: timings.storeTimeout,
    room: () => freeRoom(config.data),
    now,
    onChange: (health) => sayHealth(log, health),
  });
  const { store } = storeWatch;
  const settings = settingsOf(config);
  const metrics = createMetrics({ sessions: () => sessions.size, queuedBytes: () => sessions.queuedBytes() });
  const scrollback = createScrollback(config.scrollback, () => Date.now());
  const sessions = new Sessions((notice, hearers) => {
    metrics.observe(notice, hearers);
    scrollback.observe(notice);
    if (notice.kind === "name-passed-on") logPassedOn(log, notice);
  });
  let failure: unknown;
  const unstored = createSparseLog(
    (fields) => log.error("facts could not be stored", fields, failure),
    timings.sparseLog,
  );
  const onStoreFailure = (cause: unknown): void => {
    metrics.storeFailed();
    failure = cause;
    unstored.note();
  };
  const mailbox = new Mailbox(
    createCoreRules((name) => groups.userKeys.ofName(name)),
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
  const { groups, server: self } = await startGroups({
    store,
    saved,
    outbox: hearers,
    settings: groupSettingsOf(config),
    now,
    onStoreFailure,
  });
  const bansInGroups = new BansInGroups(() => mailbox.state, groups);
  bansInGroups.follow();
  const onModerated = (): void => bansInGroups.follow();
  return { storeWatch, unstored, settings, mailbox, sessions, metrics, scrollback, groups, hearers, self, onModerated };
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

function groupSettingsOf(config: Config): Partial<GroupSettings> {
  const { deviceUnseenDays, messageDays, messageCount, messageBytes, groupsPerPerson, commitDays } = config;
  return {
    deviceAge: deviceUnseenDays * A_DAY,
    messageAge: messageDays * A_DAY,
    messageCount,
    logBytes: messageBytes,
    maxGroupsPerOwner: groupsPerPerson,
    commitAge: commitDays * A_DAY,
  };
}

/** In milliseconds. */
const A_DAY = 86_400_000;

function logPassedOn(log: Log, { name, from, to }: Extract<Notice, { kind: "name-passed-on" }>): void {
  log.info("a name passed on", { name, from: describeIdentity(from), to: describeIdentity(to) });
}
