import * as v from "valibot";
import type { NamePin, Pin } from "../../../mls/identity/pins.ts";
import { TRUST_LEVELS } from "../../../mls/identity/pins.ts";
import { KINDS } from "../../../mls/identity/who.ts";
import { GROUP_STATUSES, REQUEST_KINDS, STOP_CAUSES } from "../kept.ts";
import type { Flight, GroupRow, HistoryEntry, HistoryRow, OutboxRow, PendingRequest } from "../kept.ts";

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
});

export function readGroup(row: unknown): GroupRow {
  const { update_due: updateDue, ...group } = v.parse(Group, row);
  return { ...group, updateDue };
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
  return { ...rest, requestId, commit, groupInfo, welcomed: welcomed.map((hex) => Buffer.from(hex, "hex")) };
}

export function writeRequest(group: Uint8Array, request: PendingRequest) {
  const { requestId, kind, epoch, after, commit, welcome, groupInfo, welcomed } = request;
  const names = JSON.stringify(welcomed.map((bytes) => Buffer.from(bytes).toString("hex")));
  return [group, requestId, kind, epoch, after, commit, welcome, groupInfo, names] as const;
}

const FlightRow = v.object({ message_id: Bytes, number: Whole, epoch: Whole, message: Bytes });

export function readFlight(row: unknown): Flight {
  const { message_id: messageId, number, epoch, message: sealed } = v.parse(FlightRow, row);
  return { messageId, number, epoch, sealed };
}

const Written = v.object({ message_id: Bytes, content: Bytes, text: v.nullable(v.string()), written_at: Whole });

export function readWritten(row: unknown): OutboxRow {
  const { message_id: messageId, content, text, written_at: writtenAt } = v.parse(Written, row);
  return { messageId, content, text, writtenAt };
}

const PinRow = v.object({ ...Who, user_key: Bytes, level: v.picklist(TRUST_LEVELS), since: Whole });

export function readPin(row: unknown): Pin {
  const { server, kind, identity, user_key: userKey, level, since } = v.parse(PinRow, row);
  return { who: { server, kind, identity }, userKey, level, since };
}

const NameRow = v.object({ ...Who, name: v.string() });

export function readNamePin(row: unknown): NamePin {
  const { name, ...who } = v.parse(NameRow, row);
  return { name, who };
}

const Texts = v.array(v.string());
const Detail = v.variant("kind", [
  v.object({ kind: v.literal("message"), missed: Whole }),
  v.object({ kind: v.literal("members"), came: Texts, went: Texts, by: v.string() }),
  v.object({ kind: v.literal("gap"), from: Whole, to: Whole }),
  v.object({ kind: v.literal("unreadable"), why: v.string() }),
]);

const History = v.object({
  place: Whole,
  conversation: v.string(),
  group_id: Bytes,
  number: Whole,
  at: Whole,
  detail: v.pipe(v.string(), v.parseJson(), Detail),
  who: v.nullable(v.string()),
  device: v.nullable(Bytes),
  message_id: v.nullable(Bytes),
  content: v.nullable(Bytes),
  text: v.nullable(v.string()),
});

export function readHistory(row: unknown): HistoryRow {
  const { place, conversation, group_id: group, number, at, ...columns } = v.parse(History, row);
  return { place, conversation, group, number, at, entry: entryOf(columns) };
}

function entryOf(
  columns: Pick<v.InferOutput<typeof History>, "detail" | "who" | "device" | "message_id" | "content" | "text">,
): HistoryEntry {
  if (columns.detail.kind !== "message") return columns.detail;
  const { detail, text } = columns;
  const message = v.parse(v.object({ who: v.string(), device: Bytes, message_id: Bytes, content: Bytes }), columns);
  const { message_id: messageId, ...rest } = message;
  return { ...detail, ...rest, messageId, text };
}

/** Kind, who, device, message id, content, text, detail. */
export function writeEntry(entry: HistoryEntry) {
  if (entry.kind !== "message") return [entry.kind, null, null, null, null, null, JSON.stringify(entry)] as const;
  const { kind, who, device, messageId, content, text, missed } = entry;
  return [kind, who, device, messageId, content, text, JSON.stringify({ kind, missed })] as const;
}
