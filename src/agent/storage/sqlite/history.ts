import * as v from "valibot";
import type { Change } from "../changes.ts";
import type { HistoryEntry } from "../kept.ts";
import type { Connection } from "./connection.ts";
import { freePosition } from "./free-position.ts";
import type { ReaderSets } from "./reader-sets.ts";
import { writeEntry } from "./rows.ts";

type Kept = Extract<Change, { kind: "history-kept" }>;
type Message = Extract<HistoryEntry, { kind: "message" }>;

const Target = v.object({
  place: v.number(),
  text: v.nullable(v.string()),
  amended: v.nullable(v.picklist(["edited", "deleted"])),
});

/** Milliseconds since 1970, in the year 2096: halves of as many microseconds can be told apart still. */
const LATEST = 4_000_000_000_000;

/**
 * Keeps what a log told, each message once. An edit or deletion changes the row that it is about, if that one is the same person's:
 * place and order stay, the search finds what is shown, and of a deleted message nothing is left but that there was one.
 */
export function historyWriter(connection: Connection, sets: ReaderSets): { keep(change: Kept): void } {
  const statements = prepare(connection);
  return {
    keep(change) {
      const { conversation, group, number, at, entry, readers = [] } = change;
      if (entry.kind === "message" && isHere(conversation, entry)) {
        // Sent again in a successor: that is where it can be found in a log from now on.
        statements.follow.run(group, number, conversation, entry.device, entry.messageId, group);
        return;
      }
      // The same file, read again.
      if (entry.kind === "imported" && statements.marked.get(conversation, 1000 * at, at) !== undefined) return;
      const amends = entry.kind === "message" ? entry.amends : null;
      const target = entry.kind === "message" && amends !== null ? targetOf(conversation, entry) : null;
      // A deletion of what isn't there has nothing to show, either.
      const isApplied = target !== null || amends?.how === "deletion";
      // What is missing before it is shown where it stands.
      const isHidden = entry.kind === "message" ? isApplied && entry.missed === 0 : saysNothing(entry);
      const written = entry.kind === "message" && isApplied ? { ...entry, text: null } : entry;
      const flags = [sets.idOf(readers), isApplied ? "applied" : null, isHidden ? 1 : 0, positionOf(change)] as const;
      statements.keep.run(conversation, group, number, at, ...writeEntry(written), ...flags);
      if (entry.kind !== "message") return;
      if (target !== null) amend(conversation, entry, target);
      if (!isApplied && entry.text !== null) statements.addWords.run(lastPlace(), entry.text);
    },
  };

  function isHere(conversation: string, { device, messageId }: Message): boolean {
    return statements.here.get(conversation, device, messageId) !== undefined;
  }

  function positionOf({ conversation, group, number, at, entry, isImported = false }: Kept): number {
    const said = 1000 * Math.min(Math.trunc(at), LATEST);
    if (isImported) {
      const behind = numberOf(statements.before.get(group, number)) ?? -1;
      const isTaken = (position: number) => statements.at.get(conversation, position) !== undefined;
      return freePosition(Math.max(said, behind + 1), isTaken);
    }
    const last = numberOf(statements.last.get(conversation));
    // The time is this device's own clock's, not the server's.
    const isOurs = entry.kind === "gap" || entry.kind === "continued" || entry.kind === "withheld";
    return last === null ? said : Math.max(isOurs ? 0 : said, last + 1);
  }

  function targetOf(conversation: string, { amends, who }: Message): v.InferOutput<typeof Target> | null {
    const row = amends === null ? undefined : statements.target.get(conversation, amends.device, amends.messageId, who);
    return row === undefined ? null : v.parse(Target, row);
  }

  function amend(
    conversation: string,
    { amends, text }: Message,
    { place, text: before, amended }: v.InferOutput<typeof Target>,
  ): void {
    if (amends === null || amended === "deleted") return;
    if (before !== null) statements.dropWords.run(place, before);
    if (amends.how === "edit") {
      statements.edit.run(text, place);
      if (text !== null) statements.addWords.run(place, text);
    } else {
      statements.erase.run(place);
      statements.eraseEdits.run(conversation, amends.device, amends.messageId);
    }
  }

  function lastPlace(): number {
    return Number(Object.values(statements.lastPlace.get() ?? {})[0]);
  }
}

/** The first column of a row. */
function numberOf(row: unknown): number | null {
  return row === undefined ? null : (v.parse(v.tuple([v.nullable(v.number())]), Object.values(row ?? {}))[0] ?? null);
}

/** A commit of fresh keys, or a device that came in anew in place of itself: nobody came or went. */
function saysNothing(entry: Exclude<HistoryEntry, { kind: "message" }>): boolean {
  if (entry.kind !== "members") return false;
  return entry.came.toSorted().join("\n") === entry.went.toSorted().join("\n");
}

function prepare(connection: Connection) {
  return {
    keep: connection.prepare(
      `INSERT INTO history (conversation, group_id, number, at, kind, who, device, message_id, content, text, detail,
         about_device, about_message, readers, amended, hidden, position, shown)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
         coalesce((SELECT base FROM groups WHERE id = ?2), 0) + ?3)`,
    ),
    here: connection.prepare("SELECT 1 FROM history WHERE conversation = ? AND device = ? AND message_id = ?"),
    marked: connection.prepare(
      "SELECT 1 FROM history WHERE conversation = ? AND hidden = 0 AND position >= ? AND kind = 'imported' AND at = ?",
    ),
    follow: connection.prepare(
      `UPDATE OR IGNORE history SET group_id = ?, number = ?
       WHERE conversation = ? AND device = ? AND message_id = ? AND group_id <> ?`,
    ),
    last: connection.prepare("SELECT max(position) FROM history WHERE conversation = ? AND hidden = 0"),
    before: connection.prepare(
      "SELECT position FROM history WHERE group_id = ? AND number < ? AND hidden = 0 ORDER BY number DESC LIMIT 1",
    ),
    at: connection.prepare("SELECT 1 FROM history WHERE conversation = ? AND position = ? AND hidden = 0"),
    lastPlace: connection.prepare("SELECT last_insert_rowid() AS place"),
    target: connection.prepare(
      `SELECT place, text, amended FROM history
       WHERE conversation = ? AND device = ? AND message_id = ? AND who = ? AND amended IS NOT 'applied'`,
    ),
    edit: connection.prepare("UPDATE history SET text = ?, amended = 'edited' WHERE place = ?"),
    erase: connection.prepare(
      "UPDATE history SET text = NULL, content = zeroblob(0), amended = 'deleted' WHERE place = ?",
    ),
    eraseEdits: connection.prepare(
      // The deletion itself has nothing in it, and may have to be sent again.
      `UPDATE history SET content = zeroblob(0)
       WHERE conversation = ? AND about_device = ? AND about_message = ? AND amended = 'applied'
         AND json_extract(detail, '$.amends') = 'edit'`,
    ),
    addWords: connection.prepare("INSERT INTO history_words (rowid, text) VALUES (?, ?)"),
    dropWords: connection.prepare("INSERT INTO history_words (history_words, rowid, text) VALUES ('delete', ?, ?)"),
  };
}
