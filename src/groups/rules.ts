/** The delivery service's rules as a mailbox runs them. */
import { refused } from "../core/decision.ts";
import type { SessionId } from "../core/events.ts";
import { get } from "../core/persistent-map.ts";
import type { Append, Delivery, LogEntry as StoredEntry, Range, Trim } from "../core/ports.ts";
import type { CommandClass, Readings, Rules, Stored, Verdict } from "../core/rules.ts";
import type { GroupCommand } from "./commands.ts";
import { decideGroups, rangesOf } from "./decide.ts";
import type { Accepted, LiveEvent, Push, Reply } from "./decision.ts";
import type { DeviceId, GroupId } from "./ids.ts";
import type { Sha256 } from "./log-entry.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { Row } from "./rows.ts";
import { apply, applyLive, type State } from "./state.ts";

export type GroupEvent =
  | { readonly kind: "row"; readonly row: Row }
  | { readonly kind: "append"; readonly append: Append }
  | { readonly kind: "trim"; readonly trim: Trim }
  | { readonly kind: "push"; readonly push: Push }
  | { readonly kind: "live"; readonly event: LiveEvent }
  | { readonly kind: "reply"; readonly reply: Reply };

/** What a device's connection hears. Answers go another way: to who posted the command. */
export type GroupNotice =
  | Push["push"]
  /** Everybody but this device's own person has acknowledged up to this number. */
  | { readonly kind: "reached"; readonly group: GroupId; readonly number: number }
  /** The turn to commit there is this device's now. */
  | { readonly kind: "turn"; readonly group: GroupId }
  /** The same, to add these devices. */
  | { readonly kind: "joiners"; readonly group: GroupId; readonly devices: readonly DeviceId[] }
  /** This connection ends: the same device has come by another one, or it is no device any more. */
  | { readonly kind: "ended"; readonly refusal: GroupRefusal }
  | { readonly kind: "refused" };

export interface GroupDomain {
  readonly state: State;
  readonly command: GroupCommand;
  readonly event: GroupEvent;
  readonly fact: Row;
  readonly refusal: GroupRefusal | { readonly reason: "storage-failed" };
  readonly notice: GroupNotice;
}

/** @param turnOf who alone may commit in a group now, see turns.ts. */
export function createGroupRules(sha256: Sha256, turnOf: (group: GroupId) => string | null): Rules<GroupDomain> {
  return {
    classOf,
    sessionOf: (command) => ("session" in command ? command.session : null),
    sizeOf,
    decide: (state, command, at, readings) => {
      const ranges = rangesOf(state, command);
      const read = ranges.map((range) => readingOf(readings, range));
      if (read.includes(null)) return { kind: "read", ranges };
      const turn = "group" in command ? turnOf(command.group) : null;
      const decision = decideGroups(state, command, { at, sha256, read: read.map((entries) => entries ?? []), turn });
      return "refusal" in decision ? refused(decision.refusal) : verdictOf(decision);
    },
    apply: applyEvent,
    deliveriesOf,
    storedBy,
    lazyKeyOf: ({ table, key }) => `${table} ${key}`,
    refusedNotice: () => ({ kind: "refused" }),
    storageFailed: { reason: "storage-failed" },
    busy: { reason: "storage-failed" },
  };
}

function classOf(command: GroupCommand): CommandClass {
  return command.kind === "acknowledge" ? "lazy" : "durable";
}

const BASE_SIZE = 512;

function sizeOf(command: GroupCommand): number {
  switch (command.kind) {
    case "send":
      return BASE_SIZE + command.bytes.length;
    case "commit":
      return BASE_SIZE + command.commit.length + command.groupInfo.length + (command.welcome?.length ?? 0);
    case "create-group":
      return BASE_SIZE + command.groupInfo.length;
    case "publish-packages":
      return command.packages.reduce((sum, { bytes }) => sum + bytes.length, BASE_SIZE);
    case "take-packages":
      return BASE_SIZE + 64 * command.of.length;
    case "device-online":
    case "reset-user-key":
      return BASE_SIZE + 2 * command.record.length;
    case "confirm-device":
      return BASE_SIZE + command.record.length + command.sealed.length;
    case "rotate-user-key":
      return command.staying.reduce(
        (sum, { record, sealed }) => sum + BASE_SIZE + record.length + sealed.length,
        // The statements before it are written again with it.
        2 * BASE_SIZE + command.own.record.length + 8 * command.statement.length,
      );
    case "keep-successions":
      return command.statements.reduce((sum, statement) => sum + statement.length, 2 * BASE_SIZE);
    case "acknowledge":
    case "welcome-done":
    case "leave":
    case "report-commit":
    case "device-offline":
    case "order-removal":
    case "bar-owner":
    case "unbar-owner":
    case "look-at-devices":
    case "remove-device":
    case "release-owner":
    case "forget-old":
    case "ask-confirmation":
    case "dismiss-device":
    case "retire-device":
    case "forget-waiting":
      return BASE_SIZE;
  }
}

/** What was read of a range; null: nothing yet, or it was read before others have changed where it begins. */
function readingOf(readings: Readings, { log, after }: Range): readonly StoredEntry[] | null {
  const entries = readings.get(log);
  if (entries === undefined) return null;
  const [first] = entries;
  return first !== undefined && first.number <= after ? null : entries;
}

function verdictOf({ rows, appends, trims, pushes, live, reply }: Accepted): Verdict<GroupDomain> {
  const events: GroupEvent[] = [];
  for (const row of rows) events.push({ kind: "row", row });
  for (const append of appends) events.push({ kind: "append", append });
  for (const trim of trims) events.push({ kind: "trim", trim });
  for (const event of live ?? []) events.push({ kind: "live", event });
  for (const push of pushes) events.push({ kind: "push", push });
  events.push({ kind: "reply", reply });
  return { kind: "done", events };
}

function applyEvent(state: State, event: GroupEvent): State {
  switch (event.kind) {
    case "row":
      return apply(state, event.row);
    case "live":
      return applyLive(state, event.event);
    case "append":
    case "trim":
    case "push":
    case "reply":
      return state;
  }
}

function deliveriesOf(before: State, event: GroupEvent): readonly Delivery<GroupNotice>[] {
  if (event.kind === "live") return endings(event.event);
  if (event.kind !== "push") return [];
  const { to, except, push } = event.push;
  const sessions = to.flatMap((device): SessionId[] => {
    if (device === except) return [];
    // What confirms a device is the only push for one that isn't there yet.
    const asking = push.kind === "confirmed" ? get(before.asking, device) : undefined;
    return [...new Set([get(before.online, device), asking])].filter((session) => session !== undefined);
  });
  return sessions.length === 0 ? [] : [{ to: sessions, except: null, notice: push }];
}

function endings(event: LiveEvent): readonly Delivery<GroupNotice>[] {
  switch (event.kind) {
    case "device-came":
    case "asking-came": {
      const refusal = { reason: "replaced" } as const;
      return event.replaced === null
        ? []
        : [{ to: [event.replaced], except: null, notice: { kind: "ended", refusal } }];
    }
    case "session-ended":
      return [{ to: [event.session], except: null, notice: { kind: "ended", refusal: event.refusal } }];
    case "device-gone":
    case "owner-barred":
    case "owner-unbarred":
      return [];
  }
}

function storedBy(event: GroupEvent): Stored<Row> | null {
  switch (event.kind) {
    case "row":
      return { kind: "fact", fact: event.row };
    case "append":
      return { kind: "append", append: event.append };
    case "trim":
      return { kind: "trim", trim: event.trim };
    case "push":
    case "live":
    case "reply":
      return null;
  }
}
