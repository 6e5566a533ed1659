import { get } from "../core/persistent-map.ts";
import type { LogEntry as StoredEntry, Range } from "../core/ports.ts";
import type { ServerCommand } from "./commands.ts";
import { refuse, reply, type Context, type Decision } from "./decision.ts";
import type { GroupId } from "./ids.ts";
import { decodeEntry, type LogEntry } from "./log-entry.ts";
import { excessOf } from "./log-size.ts";
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
 * Messages go when all members have them, when they are too old or too many, or take too many bytes; commits when all members have
 * them, when they are too old or take too many bytes. A member behind the messages sees a gap, one behind the commits must come in anew.
 */
export function decideForget(state: State, { group: id, what }: Forget, { at, read }: Context): Decision {
  const group = get(state.groups, id);
  const head = get(state.heads, id);
  if (group === undefined || head === undefined) return refuse({ reason: "unknown-group" });
  const { messageAge, messageCount, commitAge } = state.settings;
  const all = readByAll(state, id, group, head);
  const tooMany = what === "messages" ? head.number - messageCount : 0;
  const oldest = at - (what === "messages" ? messageAge : commitAge);
  const excess = excessOf(head, state.settings);
  const run = runOf(read[0] ?? [], forgottenOf(head, what), (entry, before) => {
    if (entry.number <= all || entry.number <= tooMany || entry.at < oldest) return true;
    // Commits can only go with the messages around them, see below.
    return before.commits < excess.commits || (what === "messages" && before.messages < excess.messages);
  });
  // A commit that outlives the messages around it can be read; a message without the commits before it can't.
  const through = what === "messages" ? run.through : Math.min(run.through, head.messagesForgotten);
  if (through === forgottenOf(head, what)) return reply({ kind: "done" });
  const forgotten = what === "messages" ? { messagesForgotten: through } : { commitsForgotten: through };
  const counted = { ...forgotten, ...countedWithout(head, what, through, read[0] ?? []) };
  return {
    ...reply({ kind: "done" }),
    rows: [
      { table: "head", key: id, value: { ...head, ...counted } },
      ...(what === "commits" ? forgottenRemovals(id, group, through) : []),
    ],
    trims: [{ log: groupLog(id), through, lasting: what === "commits" }],
  };
}

function forgottenOf(head: HeadRow, what: Forget["what"]): number {
  return what === "messages" ? head.messagesForgotten : head.commitsForgotten;
}

interface Freed {
  readonly messages: number;
  readonly commits: number;
}

/** A run of entries, from the first on, that may all go: the last number. `mayGo` is told what those before it take. */
function runOf(
  entries: readonly StoredEntry[],
  after: number,
  mayGo: (entry: LogEntry, before: Freed) => boolean,
): { readonly through: number } {
  let [through, messages, commits] = [after, 0, 0];
  for (const stored of entries) {
    const entry = decodeEntry(stored.body);
    if (!mayGo(entry, { messages, commits })) break;
    through = entry.number;
    if (entry.kind === "message") messages += entry.bytes.length;
    else commits += entry.bytes.length;
  }
  return { through };
}

/** What is counted when the entries of this kind up to a number are gone. */
function countedWithout(
  head: HeadRow,
  what: Forget["what"],
  through: number,
  entries: readonly StoredEntry[],
): Pick<HeadRow, "counted"> {
  const { counted } = head;
  if (counted === undefined) return {};
  const kind = what === "messages" ? "message" : "commit";
  let bytes = counted[what];
  for (const stored of entries) {
    if (stored.number <= counted.after || stored.number > through) continue;
    const entry = decodeEntry(stored.body);
    if (entry.kind === kind) bytes -= entry.bytes.length;
  }
  return { counted: { ...counted, [what]: bytes } };
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
