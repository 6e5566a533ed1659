import type { SuccessionChange } from "../changes.ts";
import type { Conflicts } from "./conflicts.ts";
import type { Connection } from "./connection.ts";
import type { groupRows } from "./groups.ts";

/** Messages that go out again in a successor: as many as a server keeps of a room. */
const MOST_AGAIN = 10_000;

/** A conversation that goes on in another group: what goes over into it, and whom it still owes a place. */
export function successionRows(
  connection: Connection,
  groups: Pick<ReturnType<typeof groupRows>, "dropPending">,
  conflicts: Conflicts,
) {
  const statements = prepare(connection);
  return { apply };

  function apply(change: SuccessionChange): void {
    switch (change.kind) {
      case "group-succeeded":
        succeed(change);
        return;
      case "devices-owed":
        for (const { deviceId, deviceKey } of change.devices) statements.owe.run(change.group, deviceId, deviceKey);
        return;
      case "owed-settled":
        for (const device of change.devices) statements.settleOwed.run(change.group, device);
        return;
      case "readers-shown":
        for (const who of change.readers) statements.shown.run(change.group, who);
        return;
    }
  }

  /** What was stored there and goes out again comes before what has waited since. */
  function succeed({ group, successor, device, behind }: Extract<SuccessionChange, { kind: "group-succeeded" }>): void {
    conflicts.one(statements.succeeded.run(successor, group), "that group without a successor");
    // The last that was read of it, now that nothing more is.
    statements.countOn.run(group, successor);
    statements.again.run(successor, group, device, behind, MOST_AGAIN);
    statements.moveWaiting.run(successor, group);
    statements.dropWaiting.run(group);
    statements.land.run(group);
    groups.dropPending(group);
    statements.moveReaders.run(successor, group);
    statements.oweOn.run(successor, group);
  }
}

function prepare(connection: Connection) {
  const on = (sql: string) => connection.prepare(sql);
  return {
    succeeded: on("UPDATE groups SET successor = ? WHERE id = ? AND successor IS NULL"),
    countOn: on("UPDATE groups SET base = max(base, (SELECT base + cursor FROM groups WHERE id = ?)) WHERE id = ?"),
    again: on(
      // Where it isn't known who could read it (0, which is no set) it is for nobody else. A deletion says nothing that anybody could not read.
      `INSERT OR IGNORE INTO outbox (group_id, message_id, content, text, written_at, audience)
       SELECT ?1, message_id, content, text, at,
         CASE WHEN json_extract(detail, '$.amends') IS 'deletion' THEN NULL ELSE coalesce(readers, 0) END
       FROM (
         SELECT place, message_id, content, text, at, detail, readers FROM history
         WHERE group_id = ?2 AND device = ?3 AND number > ?4 AND message_id IS NOT NULL AND length(content) > 0
         ORDER BY place DESC LIMIT ?5
       ) ORDER BY place`,
    ),
    moveWaiting: on(
      `INSERT OR IGNORE INTO outbox (group_id, message_id, content, text, written_at, audience)
       SELECT ?, message_id, content, text, written_at, audience FROM outbox WHERE group_id = ? ORDER BY place`,
    ),
    dropWaiting: on("DELETE FROM outbox WHERE group_id = ?"),
    land: on("DELETE FROM flights WHERE group_id = ?"),
    moveReaders: on("INSERT OR IGNORE INTO readers (group_id, who) SELECT ?, who FROM readers WHERE group_id = ?"),
    owe: on("INSERT OR IGNORE INTO owed (group_id, device, device_key) VALUES (?, ?, ?)"),
    settleOwed: on("DELETE FROM owed WHERE group_id = ? AND device = ?"),
    // It stays where it is, too: should the successor come to nothing, the next is made with the same people.
    oweOn: on(
      "INSERT OR IGNORE INTO owed (group_id, device, device_key) SELECT ?, device, device_key FROM owed WHERE group_id = ?",
    ),
    shown: on("INSERT OR IGNORE INTO readers (group_id, who) VALUES (?, ?)"),
  };
}
