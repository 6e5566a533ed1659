import * as v from "valibot";
import { AgentStoreError } from "../errors.ts";
import type { DeviceChange } from "../changes.ts";
import type { OwnDevice } from "../kept.ts";
import type { Conflicts } from "./conflicts.ts";
import type { Connection } from "./connection.ts";
import { keyPackagePlace } from "./read.ts";
import { ID_BYTES } from "./rows.ts";
import type { Secrets } from "./secrets.ts";

/** The device itself: its keys and record in `meta` and `secrets`, its key packages, and what it leaves behind when another takes its place. */
export function deviceRows(connection: Connection, secrets: Secrets, conflicts: Conflicts) {
  const statements = prepare(connection);
  return { apply, begin };

  function apply(change: DeviceChange): void {
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
        conflicts.one(statements.renew.run(change.record), "a device");
        return;
      case "user-key-kept":
        statements.secret.run("user-seed", secrets.seal("user-seed", change.seed));
        return;
      case "key-package-made": {
        const { reference, secret, lastResort, madeAt } = change.keyPackage;
        const sealed = secrets.seal(keyPackagePlace(reference), secret);
        statements.keyPackage.run(reference, sealed, lastResort ? 1 : 0, madeAt);
        return;
      }
      case "key-package-dropped":
        conflicts.one(statements.dropKeyPackage.run(change.reference), "that key package");
        return;
    }
  }

  /** The first one, or in place of one that was. */
  function begin(device: OwnDevice): void {
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
    keepFormer();
    statements.secret.run("device-seed", secrets.seal("device-seed", seed));
    statements.meta.run("device-id", id);
    statements.meta.run("record", record);
    for (const statement of statements.forgetGroups) statement.run();
  }

  /** Also of those before it: a device in between may have been one that no server has let in. */
  function keepFormer(): void {
    const [now, before] = ["device-id", "former-device"].map((key) => {
      const row = statements.one.get(key);
      return row === undefined ? new Uint8Array() : v.parse(BytesRow, row).value;
    });
    if (now === undefined || now.length === 0) throw new AgentStoreError("conflict", "The store has no device.");
    const all = Buffer.concat([now, before ?? new Uint8Array()]);
    statements.meta.run("former-device", all.subarray(0, MOST_FORMER * ID_BYTES));
  }
}

/** Devices that one has taken the place of, the last first, one id after another. */
const MOST_FORMER = 8;
const BytesRow = v.object({ value: v.instance(Uint8Array) });

function prepare(connection: Connection) {
  const on = (sql: string) => connection.prepare(sql);
  return {
    hasDevice: on("SELECT 1 FROM secrets WHERE name = 'device-seed'"),
    metaOnce: on("INSERT INTO meta (key, value) VALUES (?, ?)"),
    secretOnce: on("INSERT INTO secrets (name, sealed) VALUES (?, ?)"),
    secret: on("INSERT OR REPLACE INTO secrets (name, sealed) VALUES (?, ?)"),
    renew: on("UPDATE meta SET value = ? WHERE key = 'record'"),
    keyPackage: on("INSERT INTO key_packages (reference, sealed, last_resort, made_at) VALUES (?, ?, ?, ?)"),
    dropKeyPackage: on("DELETE FROM key_packages WHERE reference = ?"),
    one: on("SELECT value FROM meta WHERE key = ?"),
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
  };
}
