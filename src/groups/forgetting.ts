import { get } from "../core/persistent-map.ts";
import type { LogEntry as StoredEntry, Range } from "../core/ports.ts";
import type { ServerCommand } from "./commands.ts";
import { refuse, reply, type Context, type Decision } from "./decision.ts";
import type { GroupId } from "./ids.ts";
import { decodeEntry } from "./log-entry.ts";
import { groupLog } from "./logs.ts";
import { activeMembers } from "./members.ts";
import { cursorOf } from "./reading.ts";
import type { GroupRow, HeadRow, Row } from "./rows.ts";
import { pairKey, type State } from "./state.ts";

type Forget = Extract<ServerCommand, { kind: "forget-old" }>;

/** Entries looked at in one go; what is left comes the next time. */
const LIMIT = 500;
const BYTES = 4 * 1024 * 1024;

export function rangesToForget(state: State, { group, what }: Forget): Range[] {
  const head = get(state.heads, group);
  if (head === undefined) return [];
  return [{ log: groupLog(group), after: forgottenOf(head, what), limit: LIMIT, bytes: BYTES }];
}

/**
 * Messages go when all members have them, when they are too old or too many; commits when all members have them or when they
 * are too old. A member behind the messages sees a gap, one behind the commits must come in anew.
 */
export function decideForget(state: State, { group: id, what }: Forget, { at, read }: Context): Decision {
  const group = get(state.groups, id);
  const head = get(state.heads, id);
  if (group === undefined || head === undefined) return refuse({ reason: "unknown-group" });
  const { messageAge, messageCount, commitAge } = state.settings;
  const all = readByAll(state, id, group, head);
  const tooMany = what === "messages" ? head.number - messageCount : 0;
  const oldest = at - (what === "messages" ? messageAge : commitAge);
  const last = throughOf(read[0] ?? [], forgottenOf(head, what), ({ number, at: written }) => {
    return number <= all || number <= tooMany || written < oldest;
  });
  // A commit that outlives the messages around it can be read; a message without the commits before it can't.
  const through = what === "messages" ? last : Math.min(last, head.messagesForgotten);
  if (through === forgottenOf(head, what)) return reply({ kind: "done" });
  const forgotten = what === "messages" ? { messagesForgotten: through } : { commitsForgotten: through };
  return {
    ...reply({ kind: "done" }),
    rows: [
      { table: "head", key: id, value: { ...head, ...forgotten } },
      ...(what === "commits" ? forgottenRemovals(id, group, through) : []),
    ],
    trims: [{ log: groupLog(id), through, lasting: what === "commits" }],
  };
}

function forgottenOf(head: HeadRow, what: Forget["what"]): number {
  return what === "messages" ? head.messagesForgotten : head.commitsForgotten;
}

/** The last number of a run of entries, from the first on, that may all go. */
function throughOf(
  entries: readonly StoredEntry[],
  before: number,
  mayGo: (entry: { readonly number: number; readonly at: number }) => boolean,
): number {
  let last = before;
  for (const stored of entries) {
    const entry = decodeEntry(stored.body);
    if (!mayGo(entry)) break;
    last = entry.number;
  }
  return last;
}

function readByAll(state: State, id: GroupId, group: GroupRow, head: HeadRow): number {
  return activeMembers(group).reduce(
    (least, device) => Math.min(least, cursorOf(state, group, id, device)),
    head.number,
  );
}

/** A removal that is forgotten can't be told any more: what the group remembers of the device goes with it. */
function forgottenRemovals(id: GroupId, group: GroupRow, forgotten: number): Row[] {
  const gone = Object.entries(group.removed).filter(([, number]) => number <= forgotten);
  if (gone.length === 0) return [];
  const removed = Object.fromEntries(Object.entries(group.removed).filter(([, number]) => number > forgotten));
  return [
    { table: "group", key: id, value: { ...group, removed } },
    ...gone.map(([device]): Row => ({ table: "cursor", key: pairKey(id, device), value: null })),
  ];
}
