import { AgentStoreError } from "../errors.ts";
import type { Change } from "../changes.ts";
import type { OwnDevice } from "../kept.ts";
import { conflictsIn } from "./conflicts.ts";
import type { Connection } from "./connection.ts";
import { inTransaction } from "./connection.ts";
import { deviceRows } from "./device.ts";
import { groupRows } from "./groups.ts";
import { historyWriter } from "./history.ts";
import { outboxRows } from "./outbox.ts";
import { ownDeviceRows } from "./own-device.ts";
import { ownKeyRows } from "./own-key.ts";
import { peopleRows } from "./people.ts";
import { readerSets } from "./reader-sets.ts";
import type { Secrets } from "./secrets.ts";
import { successionRows } from "./successions.ts";

export interface Writer {
  /** All of the changes or none. Throws the driver's errors, or an `AgentStoreError` for a conflict. */
  commit(changes: readonly Change[]): void;
  raiseCounter(): number;
}

export function writer(connection: Connection, secrets: Secrets, path: string): Writer {
  const statements = prepare(connection);
  const conflicts = conflictsIn(path);
  const sets = readerSets(connection);
  const history = historyWriter(connection, sets);
  const device = deviceRows(connection, secrets, conflicts);
  const own = ownDeviceRows(connection, secrets);
  const ownKey = ownKeyRows(connection, secrets);
  const groups = groupRows(connection, secrets, sets, conflicts);
  const outbox = outboxRows(connection, conflicts);
  const successions = successionRows(connection, groups, conflicts);
  const people = peopleRows(connection);
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
      case "device-replaced":
      case "record-renewed":
      case "user-key-kept":
      case "key-package-made":
      case "key-package-dropped":
        device.apply(change);
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
      case "renewal-begun":
      case "renewal-answered":
      case "everyone-kept":
      case "invitation-made":
      case "invitation-used":
      case "invitation-dropped":
        own.apply(change, begin);
        return;
      case "rotation-begun":
      case "rotation-dropped":
      case "user-key-succeeded":
      case "successions-kept":
      case "packages-renewed":
        ownKey.apply(change);
        return;
      case "group-added":
      case "group-status":
      case "group-saved":
      case "candidate-promoted":
      case "candidate-dropped":
      case "cursor-moved":
      case "update-due":
      case "request-made":
      case "request-settled":
      case "intent-kept":
      case "intent-dropped":
      case "members-known":
      case "group-reached":
      case "sender-seen":
        groups.apply(change);
        return;
      case "message-written":
      case "message-withdrawn":
      case "flight-begun":
      case "flight-ended":
      case "flight-stored":
        outbox.apply(change);
        return;
      case "group-succeeded":
      case "devices-owed":
      case "owed-settled":
      case "readers-shown":
        successions.apply(change);
        return;
      case "plain-allowed":
      case "pin-kept":
      case "name-pinned":
        people.apply(change);
        return;
      case "history-kept":
        history.keep(change);
        return;
      case "server-seen":
        statements.seen.run(change.incarnation);
        return;
      case "draft-kept":
        if (change.text === "") statements.dropDraft.run(change.conversation);
        else statements.draft.run(change.conversation, change.text);
        return;
      default:
        throw new TypeError(`a change of unknown kind: ${JSON.stringify(change satisfies never)}`);
    }
  }

  /** The first one, or in place of one that was. */
  function begin(made: OwnDevice): void {
    ownKey.forget();
    device.begin(made);
  }
}

function prepare(connection: Connection) {
  const on = (sql: string) => connection.prepare(sql);
  return {
    raise: on("UPDATE meta SET value = value + 1 WHERE key = 'counter' RETURNING value"),
    seen: on("INSERT OR REPLACE INTO meta (key, value) VALUES ('incarnation', ?)"),
    draft: on("INSERT OR REPLACE INTO drafts (conversation, text) VALUES (?, ?)"),
    dropDraft: on("DELETE FROM drafts WHERE conversation = ?"),
  };
}
