import * as v from "valibot";
import {
  access,
  count,
  deviceId,
  groupId,
  groupInfo,
  handshake,
  key,
  listOf,
  messageId,
  place,
  requestId,
  sealed,
} from "./values.ts";
import { MOST_ENTRIES } from "./version.ts";

const nothing = v.object({});
const inGroup = { group: groupId };
const stored = v.object({ number: count, at: count });

/** An entry of a group's log. `hash` chains the log up to and with it (docs/frames.md). */
export const entry = v.variant("kind", [
  v.object({
    kind: v.literal("commit"),
    number: count,
    at: count,
    device: deviceId,
    epoch: count,
    hash: key,
    bytes: handshake,
  }),
  v.object({
    kind: v.literal("message"),
    number: count,
    at: count,
    device: deviceId,
    epoch: count,
    hash: key,
    counter: count,
    message: messageId,
    bytes: sealed,
  }),
]);
export type Entry = v.InferOutput<typeof entry>;

/** A group as this device sees it. `hash` is of the log up to `head`; null where it isn't a member. */
export const group = v.object({
  group: groupId,
  place,
  access,
  epoch: count,
  head: count,
  hash: v.nullable(key),
  members: count,
  /** Up to which number this device has read; null: not a member. */
  cursor: v.nullable(count),
  /**
   * Up to which number each other person and machine has acknowledged, by one device of theirs at least; null: nobody else is there,
   * or this device isn't a member. Feature `reached`.
   */
  reached: v.optional(v.nullable(count), null),
  /**
   * Members who are to be removed, since when, and until when others may go on writing to them; null: none, or this device isn't a
   * member. Times by the server's clock; `left`: how long that is from now on, in milliseconds. Feature `removals`.
   */
  removal: v.optional(
    v.nullable(v.object({ devices: listOf(deviceId, 1_000), since: count, until: count, left: v.optional(count) })),
    null,
  ),
  ended: v.boolean(),
  /**
   * Up to which number all members have this device's own messages from this log; 0: none, or a server that doesn't say. What it wrote
   * behind that goes out again in a successor. Feature `successors`.
   */
  written: v.optional(count, 0),
  /** A Welcome waits for this device. */
  welcome: v.boolean(),
});
export type GroupView = v.InferOutput<typeof group>;

/** Groups of this device and open rooms, in the order of their ids. */
export const listGroups = {
  request: v.object({ after: v.nullable(groupId) }),
  reply: v.object({ groups: listOf(group, 200), more: v.boolean() }),
};

export const createGroup = {
  request: v.object({ ...inGroup, place, groupInfo }),
  reply: v.object(inGroup),
};

/** A commit with all that belongs to it. Told again with the same `request`, it gets the first answer again. */
export const commit = {
  request: v.object({
    ...inGroup,
    request: requestId,
    epoch: count,
    commit: handshake,
    welcome: v.nullable(groupInfo),
    groupInfo,
  }),
  reply: stored,
};

/**
 * Asks for the turn to commit: granted at once, or later by a push. `orAdded`: the device wants in, and a member may add it instead; a
 * Welcome comes then. Feature `joiners`.
 */
export const askTurn = {
  request: v.object({ ...inGroup, orAdded: v.optional(v.boolean(), false) }),
  reply: v.object({ granted: v.boolean() }),
};
export const giveUpTurn = { request: v.object(inGroup), reply: nothing };

/** A message. (counter, message) told again gets the first answer again. */
export const send = {
  request: v.object({ ...inGroup, epoch: count, counter: count, message: messageId, bytes: sealed }),
  reply: stored,
};

/** Entries above `after`. */
export const read = {
  request: v.object({ ...inGroup, after: count, limit: v.pipe(count, v.minValue(1), v.maxValue(MOST_ENTRIES)) }),
  reply: v.object({
    entries: listOf(entry, MOST_ENTRIES),
    head: count,
    more: v.boolean(),
    /** Messages up to this number are forgotten, or none of this device's business: those that are missing are a gap. */
    messagesForgotten: count,
    /** Of the log up to `head`; null for anyone who was removed. */
    hash: v.nullable(key),
  }),
};

export const acknowledge = { request: v.object({ ...inGroup, number: count }), reply: nothing };
/** `number` and `hash`: of the log's end in that epoch, behind which whoever comes in reads. */
const infoReply = v.object({ epoch: count, groupInfo, number: count, hash: key });
export const readGroupInfo = { request: v.object(inGroup), reply: infoReply };
export const readWelcome = {
  request: v.object(inGroup),
  /** `entry`: the number of the commit that added this device; `hash`: of the log up to and with it. */
  reply: v.object({ welcome: groupInfo, entry: count, hash: key }),
};
export const welcomeDone = { request: v.object(inGroup), reply: nothing };
export const leave = { request: v.object(inGroup), reply: nothing };
export const reportCommit = { request: v.object({ ...inGroup, number: count }), reply: nothing };

export const newEntry = v.object({ type: v.literal("entry"), ...inGroup, entry });
/** Something about this group is new for this device: a Welcome, a first sight of it, its end. */
export const groupChanged = v.object({ type: v.literal("group"), group });
/**
 * These members are to be removed, and no others; any member's client may commit it. With the feature `removals` also since when, and
 * until when others may go on writing to them; and none when what was ordered is lifted.
 */
export const removalDue = v.object({
  type: v.literal("removal-due"),
  ...inGroup,
  devices: listOf(deviceId, 1_000),
  since: v.optional(count),
  until: v.optional(count),
});
/** The same as `reached` of the group; it gathers for a moment, so that it comes seldom. Feature `reached`. */
export const reached = v.object({ type: v.literal("reached"), ...inGroup, number: count });
export const turnGranted = v.object({ type: v.literal("turn"), ...inGroup });
/** This member has the turn, though it didn't ask, to add these devices with one commit. To clients with the feature `joiners`. */
export const joiners = v.object({ type: v.literal("joiners"), ...inGroup, devices: listOf(deviceId, 64) });
