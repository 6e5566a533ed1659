import { foldName } from "../../../mls/identity/pins.ts";
import { whoKey } from "../../../mls/identity/who.ts";
import type { PeopleChange } from "../changes.ts";
import type { Connection } from "./connection.ts";
import { writeSuccession } from "./pin-succession.ts";

/** Whom this device knows: pinned user keys, pinned names, and to whom it may write unsealed. */
export function peopleRows(connection: Connection) {
  const statements = prepare(connection);
  return { apply };

  function apply(change: PeopleChange): void {
    switch (change.kind) {
      case "plain-allowed":
        statements.allowPlain.run(change.name);
        return;
      case "pin-kept": {
        const { who, userKey, level, since } = change.pin;
        // What came under this key when another was known is theirs, also when this one has been followed.
        if (statements.isOther.get(whoKey(who), userKey) !== undefined)
          statements.endDoubt.run(whoKey(who), Buffer.from(userKey).toString("base64url"));
        const succession = writeSuccession(change.pin);
        statements.pin.run(whoKey(who), who.server, who.kind, who.identity, userKey, level, since, succession);
        return;
      }
      case "name-pinned": {
        const { name, who } = change.pin;
        statements.name.run(foldName(name), name, who.server, who.kind, who.identity);
        return;
      }
    }
  }
}

function prepare(connection: Connection) {
  const on = (sql: string) => connection.prepare(sql);
  return {
    allowPlain: on("INSERT OR IGNORE INTO plain_allowed (name) VALUES (?)"),
    isOther: on("SELECT 1 FROM pins WHERE who = ? AND user_key <> ?"),
    endDoubt: on(
      `UPDATE history SET detail = json_remove(detail, '$.doubt')
       WHERE who = ? AND json_extract(detail, '$.doubt.userKey') = ?`,
    ),
    pin: on(
      `INSERT OR REPLACE INTO pins (who, server, kind, identity, user_key, level, since, succession)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    name: on("INSERT OR REPLACE INTO name_pins (folded, name, server, kind, identity) VALUES (?, ?, ?, ?, ?)"),
  };
}
