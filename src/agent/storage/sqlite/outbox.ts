import type { OutboxChange } from "../changes.ts";
import type { Conflicts } from "./conflicts.ts";
import type { Connection } from "./connection.ts";

/** Messages that may wait in one group. */
const MOST_WAITING = 1000;

/** Messages that wait to be sent, and the one of each group that is on its way. */
export function outboxRows(connection: Connection, conflicts: Conflicts) {
  const statements = prepare(connection);
  return { apply };

  function apply(change: OutboxChange): void {
    switch (change.kind) {
      case "message-written": {
        const { messageId, content, text, writtenAt } = change.message;
        conflicts.one(
          statements.write.run(
            change.group,
            messageId,
            content,
            text,
            writtenAt,
            change.group,
            MOST_WAITING,
            change.group,
          ),
          "room for another message that waits",
        );
        return;
      }
      case "message-withdrawn":
        conflicts.one(statements.withdraw.run(change.group, change.messageId), "that message, or it is on its way");
        return;
      case "flight-begun": {
        const { messageId, number, epoch, sealed } = change.flight;
        conflicts.one(
          statements.fly.run(messageId, number, epoch, sealed, change.group, messageId, number),
          "that message or number",
        );
        return;
      }
      case "flight-ended":
        statements.land.run(change.group);
        return;
      case "flight-stored":
        conflicts.one(statements.sent.run(change.number, change.group, change.number), "that number");
        conflicts.one(statements.unwrite.run(change.group, change.messageId), "that message");
        statements.land.run(change.group);
        return;
    }
  }
}

function prepare(connection: Connection) {
  const on = (sql: string) => connection.prepare(sql);
  return {
    write: on(
      `INSERT INTO outbox (group_id, message_id, content, text, written_at) SELECT ?, ?, ?, ?, ?
       WHERE (SELECT count(*) FROM outbox WHERE group_id = ?) < ?
       AND NOT EXISTS (SELECT 1 FROM groups WHERE id = ? AND successor IS NOT NULL)`,
    ),
    unwrite: on("DELETE FROM outbox WHERE group_id = ? AND message_id = ?"),
    withdraw: on(
      `DELETE FROM outbox WHERE group_id = ?1 AND message_id = ?2
       AND NOT EXISTS (SELECT 1 FROM flights WHERE group_id = ?1 AND message_id = ?2)`,
    ),
    fly: on(
      `INSERT OR REPLACE INTO flights (group_id, message_id, number, epoch, message) SELECT groups.id, ?, ?, ?, ?
       FROM groups JOIN outbox ON outbox.group_id = groups.id WHERE groups.id = ? AND outbox.message_id = ? AND sent + 1 = ?`,
    ),
    sent: on("UPDATE groups SET sent = ? WHERE id = ? AND sent + 1 = ?"),
    land: on("DELETE FROM flights WHERE group_id = ?"),
  };
}
