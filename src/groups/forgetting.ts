import { get } from "../core/persistent-map.ts";
import type { LogEntry as StoredEntry, Trim } from "../core/ports.ts";
import type { ServerCommand } from "./commands.ts";
import { refuse, reply, type Context, type Decision, type Reads } from "./decision.ts";
import { decodeEntry } from "./log-entry.ts";
import { groupLog } from "./logs.ts";
import { activeMembers } from "./members.ts";
import { cursorOf } from "./reading.ts";
import type { GroupRow, HeadRow, Row } from "./rows.ts";
import { pairKey, type State } from "./state.ts";

type Forget = Extract<ServerCommand, { kind: "forget-old" }>;

/** Entries looked at in one go, for messages and for commits; what is left comes the next time. */
const LIMIT = 500;
const BYTES = 4 * 1024 * 1024;

export function readsToForget(state: State, { group: id }: Forget): Reads | null {
  const head = get(state.heads, id);
  if (head === undefined) return null;
  const range = { log: groupLog(id), limit: LIMIT, bytes: BYTES };
  return {
    key: groupLog(id),
    ranges: [
      { ...range, after: head.messagesForgotten },
      { ...range, after: head.commitsForgotten },
    ],
  };
}

/**
 * Messages go when all members have them, when they are too old or too many; commits when all members have them or when they
 * are too old. A member behind the messages sees a gap, one behind the commits must come in anew.
 */
export function decideForget(state: State, { group: id }: Forget, { at, read }: Context): Decision {
  const group = get(state.groups, id);
  const head = get(state.heads, id);
  if (group === undefined || head === undefined) return refuse({ reason: "unknown-group" });
  const { messageAge, messageCount, commitAge } = state.settings;
  const [messages = [], commits = []] = read;
  const all = readByAll(state, id, group, head);
  const tooMany = head.number - messageCount;
  const messagesForgotten = through(
    head.messagesForgotten,
    messages,
    (entry, age) => entry <= all || entry <= tooMany || age > messageAge,
    at,
  );
  const commitsForgotten = Math.min(
    messagesForgotten,
    through(head.commitsForgotten, commits, (entry, age) => entry <= all || age > commitAge, at),
  );
  if (messagesForgotten === head.messagesForgotten && commitsForgotten === head.commitsForgotten) {
    return reply({ kind: "done" });
  }
  const log = groupLog(id);
  const trims: Trim[] = [
    { log, through: messagesForgotten, lasting: false },
    { log, through: commitsForgotten, lasting: true },
  ];
  const rows: Row[] = [{ table: "head", key: id, value: { ...head, messagesForgotten, commitsForgotten } }];
  return { ...reply({ kind: "done" }), rows: [...rows, ...forgottenRemovals(id, group, commitsForgotten)], trims };
}

/** The last number of a run of entries, from the first on, that may all go. */
function through(
  before: number,
  entries: readonly StoredEntry[],
  mayGo: (number: number, age: number) => boolean,
  at: number,
): number {
  let last = before;
  for (const stored of entries) {
    const entry = decodeEntry(stored.body);
    if (!mayGo(entry.number, at - entry.at)) break;
    last = entry.number;
  }
  return last;
}

function readByAll(state: State, id: string, group: GroupRow, head: HeadRow): number {
  return activeMembers(group).reduce(
    (least, device) => Math.min(least, cursorOf(state, group, id, device)),
    head.number,
  );
}

/** A removal that is forgotten can't be told any more: what the group remembers of the device goes with it. */
function forgottenRemovals(id: string, group: GroupRow, forgotten: number): Row[] {
  const gone = Object.entries(group.removed).filter(([, number]) => number <= forgotten);
  if (gone.length === 0) return [];
  const removed = Object.fromEntries(Object.entries(group.removed).filter(([, number]) => number > forgotten));
  return [
    { table: "group", key: id, value: { ...group, removed } },
    ...gone.map(([device]): Row => ({ table: "cursor", key: pairKey(id, device), value: null })),
  ];
}
