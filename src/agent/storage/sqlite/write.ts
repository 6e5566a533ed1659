import { foldName } from "../../../mls/identity/pins.ts";
import { whoKey } from "../../../mls/identity/who.ts";
import type { Change } from "../changes.ts";
import { AgentStoreError } from "../errors.ts";
import { SLOTS } from "../kept.ts";
import type { OwnDevice, Slot } from "../kept.ts";
import type { Connection } from "./connection.ts";
import { inTransaction } from "./connection.ts";
import { historyWriter } from "./history.ts";
import { keyPackagePlace, statePlace } from "./read.ts";
import { readerSets } from "./reader-sets.ts";
import { writeIntent } from "./intents.ts";
import { ownDeviceRows } from "./own-device.ts";
import { ownKeyRows } from "./own-key.ts";
import { writeSuccession } from "./pin-succession.ts";
import { writeRequest } from "./rows.ts";
import type { Secrets } from "./secrets.ts";

export interface Writer {
  /** All of the changes or none. Throws the driver's errors, or an `AgentStoreError` for a conflict. */
  commit(changes: readonly Change[]): void;
  raiseCounter(): number;
}

/** Messages that may wait in one group. */
const MOST_WAITING = 1000;
/** Messages that go out again in a successor: as many as a server keeps of a room. */
const MOST_AGAIN = 10_000;

export function writer(connection: Connection, secrets: Secrets, path: string): Writer {
  const statements = prepare(connection);
  const sets = readerSets(connection);
  const history = historyWriter(connection, sets);
  const own = ownDeviceRows(connection, secrets);
  const ownKey = ownKeyRows(connection, secrets);
  return {
    commit(changes) {
      try {
        inTransaction(connection, () => {
          for (const change of changes) apply(change);
        });
      } catch (error) {
        sets.forget();
        throw error;
      }
    },
    raiseCounter: () =>
      inTransaction(connection, () => {
        const row = statements.raise.get();
        const [value] = Object.values(row ?? {});
        if (typeof value !== "number") throw new AgentStoreError("damaged", `${path} has lost its counter.`);
        return value;
      }),
  };

  function apply(change: Change): void {
    switch (change.kind) {
      case "device-made":
        make(change.device);
        return;
      case "device-replaced":
        statements.returning.run();
        replace(change.device);
        statements.returns.run();
        return;
      case "record-renewed":
        one(statements.renew.run(change.record), "a device");
        return;
      case "user-key-kept":
        statements.secret.run("user-seed", secrets.seal("user-seed", change.seed));
        return;
      case "device-pending":
      case "device-confirmed":
      case "device-unconfirmed":
      case "candidate-waits":
      case "device-was-removed":
      case "device-let-in":
      case "token-kept":
      case "seal-key-kept":
      case "receipt-kept":
      case "everyone-kept":
      case "invitation-made":
      case "invitation-used":
      case "invitation-dropped":
        own.apply(change, begin);
        return;
      case "rotation-begun":
      case "rotation-dropped":
      case "user-key-succeeded":
      case "packages-renewed":
        ownKey.apply(change);
        return;
      case "key-package-made": {
        const { reference, secret, lastResort, madeAt } = change.keyPackage;
        const sealed = secrets.seal(keyPackagePlace(reference), secret);
        statements.keyPackage.run(reference, sealed, lastResort ? 1 : 0, madeAt);
        return;
      }
      case "key-package-dropped":
        one(statements.dropKeyPackage.run(change.reference), "that key package");
        return;
      case "group-added": {
        const { group, conversation, status, cursor, hash, updateDue } = change;
        const changed = statements.group.run(group, conversation, status, cursor, hash, updateDue);
        one(changed, "that group as one to come into");
        // A join that was on its way can't be in the log any more, or is what this one starts from.
        statements.dropRequest.run(group);
        // Numbers of senders go on while this device is out; what it doesn't have of them wasn't dropped.
        statements.dropSenders.run(group);
        dropSlot(group, "candidate");
        return;
      }
      case "group-status":
        one(statements.status.run(change.status, change.stopped, change.group), "that group");
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
        one(statements.cursor.run(change.to, change.hash, change.group, change.from), "that cursor");
        return;
      case "update-due":
        one(statements.updateDue.run(change.at, change.group), "that group");
        return;
      case "request-made":
        statements.request.run(...writeRequest(change.group, change.request));
        return;
      case "request-settled":
        one(statements.settle.run(change.group, change.requestId), "that request");
        return;
      case "intent-kept":
        statements.intent.run(change.group, change.intent.madeAt, writeIntent(change.intent.intent));
        return;
      case "intent-dropped":
        statements.dropIntent.run(change.group);
        return;
      case "message-written": {
        const { messageId, content, text, writtenAt } = change.message;
        one(
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
        one(statements.withdraw.run(change.group, change.messageId), "that message, or it is on its way");
        return;
      case "flight-begun": {
        const { messageId, number, epoch, sealed } = change.flight;
        one(
          statements.fly.run(messageId, number, epoch, sealed, change.group, messageId, number),
          "that message or number",
        );
        return;
      }
      case "flight-ended":
        statements.land.run(change.group);
        return;
      case "flight-stored":
        one(statements.sent.run(change.number, change.group, change.number), "that number");
        one(statements.unwrite.run(change.group, change.messageId), "that message");
        statements.land.run(change.group);
        return;
      case "history-kept":
        history.keep(change);
        return;
      case "members-known":
        one(statements.members.run(change.access, sets.idOf(change.readers), change.group), "that group");
        return;
      case "group-reached":
        statements.reached.run(change.number, change.group, change.number);
        return;
      case "plain-allowed":
        statements.allowPlain.run(change.name);
        return;
      case "server-seen":
        statements.seen.run(change.incarnation);
        return;
      case "group-succeeded":
        succeed(change);
        return;
      case "devices-owed":
        for (const { deviceId, deviceKey } of change.devices) statements.owe.run(change.group, deviceId, deviceKey);
        return;
      case "owed-settled":
        for (const device of change.devices) statements.settleOwed.run(change.group, device);
        return;
      case "sender-seen":
        statements.sender.run(change.group, change.device, change.number);
        return;
      case "readers-shown":
        for (const who of change.readers) statements.shown.run(change.group, who);
        return;
      case "pin-kept": {
        const { who, userKey, level, since } = change.pin;
        const succession = writeSuccession(change.pin);
        statements.pin.run(whoKey(who), who.server, who.kind, who.identity, userKey, level, since, succession);
        return;
      }
      case "name-pinned": {
        const { name, who } = change.pin;
        statements.name.run(foldName(name), name, who.server, who.kind, who.identity);
        return;
      }
      case "draft-kept":
        if (change.text === "") statements.dropDraft.run(change.conversation);
        else statements.draft.run(change.conversation, change.text);
        return;
      default:
        throw new TypeError(`a change of unknown kind: ${JSON.stringify(change satisfies never)}`);
    }
  }

  /** The first one, or in place of one that was. */
  function begin(device: OwnDevice): void {
    ownKey.forget();
    if (statements.hasDevice.get() === undefined) return make(device);
    replace(device);
    statements.returnsNowhere.run();
  }

  function make({ id, seed, record }: OwnDevice): void {
    statements.secretOnce.run("device-seed", secrets.seal("device-seed", seed));
    statements.metaOnce.run("device-id", id);
    statements.metaOnce.run("record", record);
  }

  function replace({ id, seed, record }: OwnDevice): void {
    one(statements.former.run(), "a device");
    statements.secret.run("device-seed", secrets.seal("device-seed", seed));
    statements.meta.run("device-id", id);
    statements.meta.run("record", record);
    for (const statement of statements.forgetGroups) statement.run();
  }

  /** What was stored there and goes out again comes before what has waited since. */
  function succeed({ group, successor, device, behind }: Extract<Change, { kind: "group-succeeded" }>): void {
    one(statements.succeeded.run(successor, group), "that group without a successor");
    // The last that was read of it, now that nothing more is.
    statements.countOn.run(group, successor);
    statements.again.run(successor, group, device, behind, MOST_AGAIN);
    statements.moveWaiting.run(successor, group);
    statements.dropWaiting.run(group);
    statements.land.run(group);
    statements.dropRequest.run(group);
    dropSlot(group, "candidate");
    statements.moveReaders.run(successor, group);
    statements.oweOn.run(successor, group);
  }

  /** A secret is bound to its slot, so it is opened in one and sealed in the other. */
  function promote(group: Uint8Array): void {
    const row = statements.candidate.get(group);
    const [sealed] = Object.values(row ?? {});
    if (!(sealed instanceof Uint8Array)) throw conflict("a candidate");
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

  function one(changed: number, what: string): void {
    if (changed !== 1) throw conflict(what);
  }

  function conflict(what: string): AgentStoreError {
    return new AgentStoreError("conflict", `${path} doesn't hold ${what}. Nothing was changed; restart the agent.`);
  }
}

function prepare(connection: Connection) {
  const on = (sql: string) => connection.prepare(sql);
  return {
    raise: on("UPDATE meta SET value = value + 1 WHERE key = 'counter' RETURNING value"),
    hasDevice: on("SELECT 1 FROM secrets WHERE name = 'device-seed'"),
    metaOnce: on("INSERT INTO meta (key, value) VALUES (?, ?)"),
    secretOnce: on("INSERT INTO secrets (name, sealed) VALUES (?, ?)"),
    secret: on("INSERT OR REPLACE INTO secrets (name, sealed) VALUES (?, ?)"),
    renew: on("UPDATE meta SET value = ? WHERE key = 'record'"),
    keyPackage: on("INSERT INTO key_packages (reference, sealed, last_resort, made_at) VALUES (?, ?, ?, ?)"),
    dropKeyPackage: on("DELETE FROM key_packages WHERE reference = ?"),
    group: on(
      `INSERT INTO groups (id, conversation, status, cursor, hash, sent, update_due, base) VALUES (?, ?, ?, ?, ?, 0, ?,
         coalesce((SELECT max(base + cursor) FROM groups WHERE conversation = ?2), 0))
       ON CONFLICT (id) DO UPDATE SET (conversation, status, stopped, cursor, hash, update_due)
         = (excluded.conversation, excluded.status, NULL, excluded.cursor, excluded.hash, excluded.update_due)
       WHERE groups.status IN ('joining', 'removed') OR groups.stopped = 'rolled-back'`,
    ),
    status: on("UPDATE groups SET status = ?, stopped = ? WHERE id = ?"),
    cursor: on("UPDATE groups SET cursor = ?, hash = ? WHERE id = ? AND cursor = ?"),
    updateDue: on("UPDATE groups SET update_due = ? WHERE id = ?"),
    sent: on("UPDATE groups SET sent = ? WHERE id = ? AND sent + 1 = ?"),
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
    land: on("DELETE FROM flights WHERE group_id = ?"),
    members: on("UPDATE groups SET access = ?, readers = ? WHERE id = ?"),
    reached: on("UPDATE groups SET reached = ? WHERE id = ? AND reached < ?"),
    allowPlain: on("INSERT OR IGNORE INTO plain_allowed (name) VALUES (?)"),
    former: on(
      "INSERT OR REPLACE INTO meta (key, value) SELECT 'former-device', value FROM meta WHERE key = 'device-id'",
    ),
    meta: on("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"),
    // Where the device before was, the new one waits to be brought back: the state that says so outlives a restart.
    returning: on(
      `UPDATE groups SET stopped = CASE WHEN status = 'active' OR stopped = 'rolled-back' OR (status = 'joining' AND cursor > 0)
       THEN 'rolled-back' END`,
    ),
    returnsNowhere: on("UPDATE groups SET stopped = NULL"),
    returns: on("UPDATE groups SET status = 'stopped' WHERE stopped = 'rolled-back'"),
    forgetGroups: [
      ...["key_packages", "group_states", "group_trees", "requests", "flights", "outbox", "senders", "owed"].map(
        (table) => on(`DELETE FROM ${table}`),
      ),
      on("UPDATE groups SET status = 'removed', sent = 0"),
    ],
    seen: on("INSERT OR REPLACE INTO meta (key, value) VALUES ('incarnation', ?)"),
    succeeded: on("UPDATE groups SET successor = ? WHERE id = ? AND successor IS NULL"),
    countOn: on("UPDATE groups SET base = max(base, (SELECT base + cursor FROM groups WHERE id = ?)) WHERE id = ?"),
    again: on(
      `INSERT OR IGNORE INTO outbox (group_id, message_id, content, text, written_at)
       SELECT ?1, message_id, content, text, at FROM (
         SELECT place, message_id, content, text, at FROM history
         WHERE group_id = ?2 AND device = ?3 AND number > ?4 AND message_id IS NOT NULL AND length(content) > 0
         ORDER BY place DESC LIMIT ?5
       ) ORDER BY place`,
    ),
    moveWaiting: on(
      `INSERT OR IGNORE INTO outbox (group_id, message_id, content, text, written_at)
       SELECT ?, message_id, content, text, written_at FROM outbox WHERE group_id = ? ORDER BY place`,
    ),
    dropWaiting: on("DELETE FROM outbox WHERE group_id = ?"),
    moveReaders: on("INSERT OR IGNORE INTO readers (group_id, who) SELECT ?, who FROM readers WHERE group_id = ?"),
    owe: on("INSERT OR IGNORE INTO owed (group_id, device, device_key) VALUES (?, ?, ?)"),
    settleOwed: on("DELETE FROM owed WHERE group_id = ? AND device = ?"),
    // It stays where it is, too: should the successor come to nothing, the next is made with the same people.
    oweOn: on(
      "INSERT OR IGNORE INTO owed (group_id, device, device_key) SELECT ?, device, device_key FROM owed WHERE group_id = ?",
    ),
    sender: on("INSERT OR REPLACE INTO senders (group_id, device, number) VALUES (?, ?, ?)"),
    shown: on("INSERT OR IGNORE INTO readers (group_id, who) VALUES (?, ?)"),
    pin: on(
      `INSERT OR REPLACE INTO pins (who, server, kind, identity, user_key, level, since, succession)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    name: on("INSERT OR REPLACE INTO name_pins (folded, name, server, kind, identity) VALUES (?, ?, ?, ?, ?)"),
    draft: on("INSERT OR REPLACE INTO drafts (conversation, text) VALUES (?, ?)"),
    dropDraft: on("DELETE FROM drafts WHERE conversation = ?"),
  };
}
