import * as v from "valibot";
import type { NamePin, Pin } from "../../../mls/identity/pins.ts";
import { TRUST_LEVELS } from "../../../mls/identity/pins.ts";
import { KINDS } from "../../../mls/identity/who.ts";
import { ACCESSES, AMENDED, GROUP_STATUSES, REMOVAL_CAUSES, REQUEST_KINDS, STOP_CAUSES } from "../kept.ts";
import type {
  Flight,
  GroupFacts,
  GroupRow,
  HistoryEntry,
  HistoryRow,
  OutboxRow,
  OwedDevice,
  PendingRequest,
} from "../kept.ts";
import { KeptDoubt } from "../doubt.ts";
import { readSuccession } from "./pin-succession.ts";
import { hex } from "../hex.ts";

/** Rows as values. Each throws a `ValiError` when the row is none that we wrote. */
const Bytes = v.instance(Uint8Array);
const Whole = v.pipe(v.number(), v.safeInteger());
const Who = { server: Bytes, kind: v.picklist(KINDS), identity: v.string() };

const Group = v.object({
  id: Bytes,
  conversation: v.string(),
  status: v.picklist(GROUP_STATUSES),
  stopped: v.nullable(v.picklist(STOP_CAUSES)),
  cursor: Whole,
  hash: Bytes,
  sent: Whole,
  update_due: Whole,
  successor: v.nullable(Bytes),
});

export function readGroup(row: unknown): GroupRow {
  const { update_due: updateDue, ...group } = v.parse(Group, row);
  return { ...group, updateDue };
}

const Facts = v.object({
  id: Bytes,
  access: v.nullable(v.picklist(ACCESSES)),
  readers: v.nullable(Whole),
  reached: Whole,
});

/** Null: its people have never been known. `namesOf` tells the people of a reader set. */
export function readFacts(
  row: unknown,
  namesOf: (set: number) => readonly string[],
): readonly [string, GroupFacts] | null {
  const { id, access, readers, reached } = v.parse(Facts, row);
  if (access === null || readers === null) return null;
  return [hex(id), { access, readers: namesOf(readers), reached }];
}

const Owed = v.object({ device: Bytes, device_key: Bytes });

export function readOwed(row: unknown): OwedDevice {
  const { device: deviceId, device_key: deviceKey } = v.parse(Owed, row);
  return { deviceId, deviceKey };
}

const Request = v.object({
  request_id: Bytes,
  kind: v.picklist(REQUEST_KINDS),
  epoch: Whole,
  after: Whole,
  handshake: Bytes,
  welcome: v.nullable(Bytes),
  group_info: Bytes,
  welcomed: v.pipe(v.string(), v.parseJson(), v.array(v.pipe(v.string(), v.hexadecimal()))),
});

export function readRequest(row: unknown): PendingRequest {
  const { request_id: requestId, handshake: commit, group_info: groupInfo, welcomed, ...rest } = v.parse(Request, row);
  return { ...rest, requestId, commit, groupInfo, welcomed: welcomed.map((name) => Buffer.from(name, "hex")) };
}

export function writeRequest(group: Uint8Array, request: PendingRequest) {
  const { requestId, kind, epoch, after, commit, welcome, groupInfo, welcomed } = request;
  const names = JSON.stringify(welcomed.map(hex));
  return [group, requestId, kind, epoch, after, commit, welcome, groupInfo, names] as const;
}

const FlightRow = v.object({ message_id: Bytes, number: Whole, epoch: Whole, message: Bytes });

export function readFlight(row: unknown): Flight {
  const { message_id: messageId, number, epoch, message: sealed } = v.parse(FlightRow, row);
  return { messageId, number, epoch, sealed };
}

const Written = v.object({
  message_id: Bytes,
  content: Bytes,
  text: v.nullable(v.string()),
  written_at: Whole,
  audience: v.nullable(Whole),
});

/** `namesOf` tells the people of a reader set; of one that isn't there, nobody. */
export function readWritten(row: unknown, namesOf: (set: number) => readonly string[]): OutboxRow {
  const { message_id: messageId, content, text, written_at: writtenAt, audience } = v.parse(Written, row);
  const written = { messageId, content, text, writtenAt };
  return audience === null ? written : { ...written, audience: namesOf(audience) };
}

const PinRow = v.object({
  ...Who,
  user_key: Bytes,
  level: v.picklist(TRUST_LEVELS),
  since: Whole,
  succession: v.nullable(v.string()),
});

export function readPin(row: unknown): Pin {
  const { server, kind, identity, user_key: userKey, level, since, succession } = v.parse(PinRow, row);
  return { who: { server, kind, identity }, userKey, level, since, ...readSuccession(succession) };
}

const NameRow = v.object({ ...Who, name: v.string() });

export function readNamePin(row: unknown): NamePin {
  const { name, ...who } = v.parse(NameRow, row);
  return { name, who };
}

const Texts = v.array(v.string());
/** Earlier versions kept none. */
const Devices = v.optional(
  v.array(v.object({ who: v.string(), label: v.string(), how: v.picklist(["came", "went"]) })),
  [],
);
const Detail = v.variant("kind", [
  v.object({
    kind: v.literal("message"),
    missed: Whole,
    deviceLabel: v.optional(v.string(), ""),
    amends: v.optional(v.picklist(["edit", "deletion"])),
    doubt: v.optional(KeptDoubt),
  }),
  v.object({
    kind: v.literal("members"),
    came: Texts,
    went: Texts,
    by: v.string(),
    devices: Devices,
    why: v.optional(v.picklist(REMOVAL_CAUSES)),
  }),
  v.object({ kind: v.literal("device-removed"), who: v.string(), by: v.string(), devices: Texts }),
  v.object({ kind: v.literal("gap"), from: Whole, to: Whole }),
  v.object({ kind: v.literal("unreadable"), why: v.string() }),
  v.object({ kind: v.literal("continued"), why: v.picklist(STOP_CAUSES) }),
  v.object({ kind: v.literal("withheld"), count: Whole }),
  v.object({ kind: v.literal("imported"), exportedAt: v.nullable(Whole) }),
]);

const History = v.object({
  place: Whole,
  position: Whole,
  conversation: v.string(),
  group_id: Bytes,
  number: Whole,
  shown: Whole,
  at: Whole,
  detail: v.pipe(v.string(), v.parseJson(), Detail),
  who: v.nullable(v.string()),
  device: v.nullable(Bytes),
  message_id: v.nullable(Bytes),
  content: v.nullable(Bytes),
  text: v.nullable(v.string()),
  readers: v.nullable(Whole),
  about_device: v.nullable(Bytes),
  about_message: v.nullable(Bytes),
  amended: v.nullable(v.picklist(AMENDED)),
});

export function readHistory(row: unknown, namesOf: (set: number) => readonly string[]): HistoryRow {
  const {
    place,
    position,
    conversation,
    group_id: group,
    number,
    shown,
    at,
    readers,
    amended,
    ...columns
  } = v.parse(History, row);
  const names = readers === null ? [] : namesOf(readers);
  return { place, position, conversation, group, number, shown, at, entry: entryOf(columns), readers: names, amended };
}

const Message = v.object({ who: v.string(), device: Bytes, message_id: Bytes, content: Bytes });
const About = v.object({ about_device: Bytes, about_message: Bytes });

function entryOf(
  columns: Omit<
    v.InferOutput<typeof History>,
    "place" | "position" | "conversation" | "group_id" | "number" | "shown" | "at" | "readers" | "amended"
  >,
): HistoryEntry {
  const { detail, text } = columns;
  if (detail.kind !== "message") return detail;
  const { message_id: messageId, ...message } = v.parse(Message, columns);
  const { kind, missed, deviceLabel, amends: how, doubt } = detail;
  const known = { kind, ...message, deviceLabel, messageId, text, missed };
  const entry = doubt === undefined ? known : { ...known, doubt };
  if (how === undefined) return { ...entry, amends: null };
  const { about_device: device, about_message: about } = v.parse(About, columns);
  return { ...entry, amends: { how, device, messageId: about } };
}

/** Kind, who, device, message id, content, text, detail, and the device and id of the message that it amends. */
export function writeEntry(entry: HistoryEntry) {
  if (entry.kind !== "message") {
    return [entry.kind, null, null, null, null, null, JSON.stringify(entry), null, null] as const;
  }
  const { kind, who, device, deviceLabel, messageId, content, text, amends, missed, doubt } = entry;
  const detail = JSON.stringify({ kind, missed, deviceLabel, amends: amends?.how, doubt });
  const about = [amends?.device ?? null, amends?.messageId ?? null] as const;
  return [kind, who, device, messageId, content, text, detail, ...about] as const;
}

export const ID_BYTES = 16;

/** Device ids, one after another. */
export function formerDevicesIn(value: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: value.length / ID_BYTES }, (_, at) => value.slice(at * ID_BYTES, (at + 1) * ID_BYTES));
}
