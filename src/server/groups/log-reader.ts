import { get } from "../../core/persistent-map.ts";
import type { LogEntry as StoredEntry, Range } from "../../core/ports.ts";
import type { DeviceId, GroupId } from "../../groups/ids.ts";
import { decodeEntry, type LogEntry } from "../../groups/log-entry.ts";
import { groupLog, infoLog, welcomeLog } from "../../groups/logs.ts";
import { isActive } from "../../groups/members.ts";
import { mayReadInfo, readable } from "../../groups/reading.ts";
import { epochOf, pairKey, type State } from "../../groups/state.ts";
import { STORAGE_FAILED, type Outcome } from "./outcomes.ts";

/** A page of a log: entries and bytes, at most. */
const PAGE = { limit: 500, bytes: 512 * 1024 } as const;
/** How often a group info is read again while commits come in. */
const MOST_READS = 16;

export interface LogReaderOptions {
  readonly state: () => State;
  /** Null: the store has failed, and whoever must know was told. */
  readonly read: (range: Range) => Promise<readonly StoredEntry[] | null>;
  /** Bytes of a group info, at most. */
  readonly maxGroupInfo: number;
}

/** What a device may read of the groups' logs: entries, group infos and its Welcomes. */
export class LogReader {
  readonly #options: LogReaderOptions;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** Entries behind `after`, a page at most. `hash`: the chain's, at `after`. */
  async entries(
    device: DeviceId,
    group: GroupId,
    after: number,
    limit: number,
  ): Promise<
    Outcome<{ entries: LogEntry[]; head: number; more: boolean; messagesForgotten: number; hash: string | null }>
  > {
    const range = readable(this.#options.state(), device, group, after);
    if ("refusal" in range) return { ok: false, refusal: range.refusal };
    const { through: head, messagesForgotten, hash } = range;
    const page = { log: groupLog(group), after: range.after, limit: Math.min(limit, PAGE.limit), bytes: PAGE.bytes };
    const stored = await this.#options.read(page);
    if (stored === null) return STORAGE_FAILED;
    const entries = stored.map(({ body }) => decodeEntry(body)).filter(({ number }) => number <= head);
    const more = (entries.at(-1)?.number ?? head) < head;
    return { ok: true, value: { entries, head, more, messagesForgotten, hash } };
  }

  /** What a device needs for an external commit: the group info and the log's end, both of one epoch. */
  async groupInfo(
    device: DeviceId,
    group: GroupId,
  ): Promise<Outcome<{ epoch: number; groupInfo: Uint8Array; number: number; hash: string }>> {
    const { state, read, maxGroupInfo } = this.#options;
    if (!mayReadInfo(state(), device, group)) return { ok: false, refusal: { reason: "unknown-group" } };
    for (let attempt = 0; attempt < MOST_READS; attempt++) {
      const range = { log: infoLog(group), after: epochOf(state(), group), limit: 8, bytes: maxGroupInfo };
      const newest = (await read(range))?.at(-1);
      const head = get(state().heads, group);
      if (newest === undefined || head === undefined) return STORAGE_FAILED;
      const epoch = newest.number - 1;
      // A commit that was taken meanwhile has made another epoch.
      if (epoch === epochOf(state(), group)) {
        return { ok: true, value: { epoch, groupInfo: newest.body, number: head.number, hash: head.hash } };
      }
    }
    return STORAGE_FAILED;
  }

  /** The Welcome that waits for a device; `entry` and `hash`: of the commit that added it. */
  async welcome(
    device: DeviceId,
    group: GroupId,
  ): Promise<Outcome<{ welcome: Uint8Array; entry: number; hash: string }>> {
    const state = this.#options.state();
    const row = get(state.welcomes, pairKey(group, device));
    const members = get(state.groups, group);
    if (row === undefined || members === undefined) return { ok: false, refusal: { reason: "unknown-group" } };
    if (!isActive(members, device)) return { ok: false, refusal: { reason: "not-a-member-of-group" } };
    const stored = await this.#options.read({ log: welcomeLog(group), after: row.number - 1, limit: 1, bytes: 0 });
    const [entry] = stored ?? [];
    if (entry?.number !== row.number) return STORAGE_FAILED;
    return { ok: true, value: { welcome: entry.body, entry: row.entry, hash: row.hash } };
  }
}
