import type { GroupChange } from "../changes.ts";
import { SLOTS } from "../kept.ts";
import type { Slot } from "../kept.ts";
import type { Conflicts } from "./conflicts.ts";
import type { Connection } from "./connection.ts";
import { writeIntent } from "./intents.ts";
import { statePlace } from "./read.ts";
import type { ReaderSets } from "./reader-sets.ts";
import { writeRequest } from "./rows.ts";
import type { Secrets } from "./secrets.ts";

/** A group as this device is in it: where it has read to, its engine's states and trees, and what it has asked of the server and waits to do. */
export function groupRows(connection: Connection, secrets: Secrets, sets: ReaderSets, conflicts: Conflicts) {
  const statements = prepare(connection);
  return { apply, dropPending };

  function apply(change: GroupChange): void {
    switch (change.kind) {
      case "group-added": {
        const { group, conversation, status, cursor, hash, updateDue } = change;
        const changed = statements.group.run(group, conversation, status, cursor, hash, updateDue);
        conflicts.one(changed, "that group as one to come into");
        // A join that was on its way can't be in the log any more, or is what this one starts from. A Welcome of before that join is refused: then
        // the join may be in the log.
        statements.dropRequest.run(group);
        // Numbers of senders go on while this device is out; what it doesn't have of them wasn't dropped.
        statements.dropSenders.run(group);
        dropSlot(group, "candidate");
        return;
      }
      case "group-status":
        conflicts.one(statements.status.run(change.status, change.stopped, change.group), "that group");
        if (change.status === "removed") for (const slot of SLOTS) dropSlot(change.group, slot);
        if (change.status === "removed" || change.status === "stopped") statements.dropIntent.run(change.group);
        return;
      case "group-saved": {
        const { groupId, state, tree } = change.saved;
        statements.state.run(groupId, change.slot, secrets.seal(statePlace(groupId, change.slot), state));
        if (tree !== null) statements.tree.run(groupId, change.slot, tree);
        return;
      }
      case "candidate-promoted":
        promote(change.group);
        return;
      case "candidate-dropped":
        dropSlot(change.group, "candidate");
        return;
      case "cursor-moved":
        conflicts.one(statements.cursor.run(change.to, change.hash, change.group, change.from), "that cursor");
        return;
      case "update-due":
        conflicts.one(statements.updateDue.run(change.at, change.group), "that group");
        return;
      case "request-made":
        statements.request.run(...writeRequest(change.group, change.request));
        return;
      case "request-settled":
        conflicts.one(statements.settle.run(change.group, change.requestId), "that request");
        return;
      case "intent-kept":
        statements.intent.run(change.group, change.intent.madeAt, writeIntent(change.intent.intent));
        return;
      case "intent-dropped":
        statements.dropIntent.run(change.group);
        return;
      case "members-known":
        conflicts.one(statements.members.run(change.access, sets.idOf(change.readers), change.group), "that group");
        return;
      case "group-reached":
        statements.reached.run(change.number, change.group, change.number);
        return;
      case "sender-seen":
        statements.sender.run(change.group, change.device, change.number);
        return;
    }
  }

  /** What this device was about to change in the group. */
  function dropPending(group: Uint8Array): void {
    statements.dropRequest.run(group);
    dropSlot(group, "candidate");
  }

  /** A secret is bound to its slot, so it is opened in one and sealed in the other. */
  function promote(group: Uint8Array): void {
    const row = statements.candidate.get(group);
    const [sealed] = Object.values(row ?? {});
    if (!(sealed instanceof Uint8Array)) throw conflicts.of("a candidate");
    const state = secrets.open(statePlace(group, "candidate"), sealed);
    statements.dropTree.run(group, "active");
    statements.state.run(group, "active", secrets.seal(statePlace(group, "active"), state));
    statements.dropState.run(group, "candidate");
    statements.moveTree.run(group);
  }

  function dropSlot(group: Uint8Array, slot: Slot): void {
    statements.dropState.run(group, slot);
    statements.dropTree.run(group, slot);
  }
}

function prepare(connection: Connection) {
  const on = (sql: string) => connection.prepare(sql);
  return {
    group: on(
      `INSERT INTO groups (id, conversation, status, cursor, hash, sent, update_due, base) VALUES (?, ?, ?, ?, ?, 0, ?,
         coalesce((SELECT max(base + cursor) FROM groups WHERE conversation = ?2), 0))
       ON CONFLICT (id) DO UPDATE SET (conversation, status, stopped, cursor, hash, update_due)
         = (excluded.conversation, excluded.status, NULL, excluded.cursor, excluded.hash, excluded.update_due)
       WHERE groups.status = 'removed' OR groups.stopped = 'rolled-back'
         OR (groups.status = 'joining' AND (excluded.status = 'joining' OR groups.cursor < excluded.cursor))`,
    ),
    status: on("UPDATE groups SET status = ?, stopped = ? WHERE id = ?"),
    cursor: on("UPDATE groups SET cursor = ?, hash = ? WHERE id = ? AND cursor = ?"),
    updateDue: on("UPDATE groups SET update_due = ? WHERE id = ?"),
    state: on("INSERT OR REPLACE INTO group_states (group_id, slot, sealed) VALUES (?, ?, ?)"),
    tree: on("INSERT OR REPLACE INTO group_trees (group_id, slot, tree) VALUES (?, ?, ?)"),
    candidate: on("SELECT sealed FROM group_states WHERE group_id = ? AND slot = 'candidate'"),
    moveTree: on("UPDATE group_trees SET slot = 'active' WHERE group_id = ? AND slot = 'candidate'"),
    dropState: on("DELETE FROM group_states WHERE group_id = ? AND slot = ?"),
    dropTree: on("DELETE FROM group_trees WHERE group_id = ? AND slot = ?"),
    request: on(
      `INSERT INTO requests (group_id, request_id, kind, epoch, after, handshake, welcome, group_info, welcomed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    intent: on("INSERT OR REPLACE INTO intents (group_id, made_at, intent) VALUES (?, ?, ?)"),
    dropIntent: on("DELETE FROM intents WHERE group_id = ?"),
    settle: on("DELETE FROM requests WHERE group_id = ? AND request_id = ?"),
    dropSenders: on("DELETE FROM senders WHERE group_id = ?"),
    dropRequest: on("DELETE FROM requests WHERE group_id = ?"),
    members: on("UPDATE groups SET access = ?, readers = ? WHERE id = ?"),
    reached: on("UPDATE groups SET reached = ? WHERE id = ? AND reached < ?"),
    sender: on("INSERT OR REPLACE INTO senders (group_id, device, number) VALUES (?, ?, ?)"),
  };
}
