import type { LogEntry } from "../../src/agent/group-sessions/ports.ts";
import type { HistoryRow, OutboxRow } from "../../src/agent/storage/kept.ts";
import type { GroupSession } from "../../src/agent/group-sessions/session.ts";
import { hex } from "../../src/agent/storage/hex.ts";
import type { IdealLog } from "./ideal-log.ts";

/** A device at rest, on whatever log. */
export interface CheckedDevice {
  readonly id: Uint8Array;
  readonly who: string;
  session(group: Uint8Array): Pick<GroupSession, "look">;
  /** Of the checked group, oldest first. */
  history(): Promise<readonly HistoryRow[]>;
}

/** A run's devices and what was done with them, for the checks at its end. */
export interface Soak {
  readonly group: Uint8Array;
  readonly log: Pick<IdealLog, "entries" | "roster">;
  readonly devices: readonly CheckedDevice[];
  /** Each message whose writing was acknowledged, with who wrote it. */
  readonly written: readonly {
    readonly device: CheckedDevice;
    readonly message: Pick<OutboxRow, "messageId" | "text">;
  }[];
}

/** Holds each device, at rest, against the log and against who was in the group when. Throws the first thing that is wrong. */
export async function checkSoak(soak: Soak): Promise<void> {
  const { devices, log, group } = soak;
  const epoch = log.entries(group).filter(({ kind }) => kind === "commit").length;
  const members = devices.filter(({ id }) => log.roster(group, epoch).has(hex(id)));
  await checkAgreement(soak, members, epoch);
  checkWritten(soak, members);
  for (const device of devices) {
    const rows = await device.history();
    checkHistory(soak, device, rows, members.includes(device));
  }
}

/** All members are in the log's last epoch, in one state, and nothing waits. */
async function checkAgreement({ group, log }: Soak, members: readonly CheckedDevice[], epoch: number): Promise<void> {
  if (members.length === 0) throw new Error("nobody is left in the group");
  const authenticators = new Set<string>();
  for (const device of members) {
    const { row, authenticator, waiting, epoch: own } = await device.session(group).look();
    const where = `${name(device)} in epoch ${own} of ${epoch}, ${row.status} ${row.stopped ?? ""} at ${row.cursor} of ${log.entries(group).length}`;
    if (row.status !== "active" || own !== epoch || row.cursor !== log.entries(group).length) throw new Error(where);
    if (waiting.length > 0) throw new Error(`${where}: ${waiting.length} messages wait`);
    authenticators.add(hex(authenticator ?? new Uint8Array()));
  }
  if (authenticators.size !== 1) throw new Error(`${authenticators.size} states of one epoch`);
}

/** What a member wrote is in the log once; what somebody wrote who is out now, at most once. Nothing else is there. */
function checkWritten({ log, group, written }: Soak, members: readonly CheckedDevice[]): void {
  const entries = log.entries(group).filter(({ kind }) => kind === "message");
  for (const { device, message } of written) {
    const found = entries.filter(({ messageId }) => hex(messageId) === hex(message.messageId));
    const least = members.includes(device) ? 1 : 0;
    if (found.length > 1 || found.length < least) {
      throw new Error(`"${message.text}" of ${name(device)} is in the log ${found.length} times`);
    }
  }
}

/**
 * Each message of an epoch that the device was in is in its history once, with its content, unless a gap says that it isn't; no
 * other message is, and nothing was unreadable or missed.
 */
function checkHistory(
  { log, group, written }: Soak,
  device: CheckedDevice,
  rows: readonly HistoryRow[],
  isMember: boolean,
): void {
  const texts = new Map(written.map(({ message }) => [hex(message.messageId), message.text]));
  const gaps = rows.flatMap(({ entry }) => (entry.kind === "gap" ? [entry] : []));
  const read = new Map<number, string>();
  for (const { number, entry } of rows) {
    if (entry.kind === "unreadable") throw new Error(`${name(device)} couldn't read ${number}: ${entry.why}`);
    if (entry.kind !== "message") continue;
    if (read.has(number)) throw new Error(`${name(device)} has ${number} twice`);
    if (entry.missed > 0) throw new Error(`${name(device)} misses ${entry.missed} before ${number}`);
    const text = texts.get(hex(entry.messageId));
    if (text !== undefined && text !== entry.text)
      throw new Error(`${name(device)} reads "${entry.text}" for "${text}"`);
    read.set(number, hex(entry.messageId));
  }
  const last = isMember ? Infinity : (rows.at(-1)?.number ?? 0);
  for (const entry of log.entries(group)) {
    if (entry.kind !== "message" || entry.number > last) continue;
    const isReader = log.roster(group, entry.epoch).has(hex(device.id));
    const isGap = gaps.some(({ from, to }) => from <= entry.number && entry.number <= to);
    check(device, entry, isReader, isGap, read.get(entry.number));
  }
}

function check(
  device: CheckedDevice,
  entry: LogEntry,
  isReader: boolean,
  isGap: boolean,
  found: string | undefined,
): void {
  const { number } = entry;
  if (found !== undefined && found !== hex(entry.messageId))
    throw new Error(`${name(device)} has another message as ${number}`);
  if (found !== undefined && !isReader) throw new Error(`${name(device)} reads ${number} of an epoch without it`);
  if (found === undefined && isReader && !isGap)
    throw new Error(`${name(device)} has lost ${number} of epoch ${entry.epoch}`);
}

function name({ id, who }: CheckedDevice): string {
  return `${who.slice(-4)}/${hex(id).slice(0, 4)}`;
}
