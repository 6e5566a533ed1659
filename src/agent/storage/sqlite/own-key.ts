import * as v from "valibot";
import { AgentStoreError } from "../errors.ts";
import type { OwnKeyChange } from "../changes.ts";
import { hex } from "../hex.ts";
import type { KeptRotation } from "../kept.ts";
import type { Connection } from "./connection.ts";
import type { Secrets } from "./secrets.ts";

/** What becomes of the user key on this device: rows of `meta` and `secrets`. */
export function ownKeyRows(connection: Connection, secrets: Secrets) {
  const on = (sql: string) => connection.prepare(sql);
  const statements = {
    meta: on("SELECT value FROM meta WHERE key = ?"),
    setMeta: on("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"),
    dropMeta: on("DELETE FROM meta WHERE key = ?"),
    secret: on("SELECT sealed FROM secrets WHERE name = ?"),
    setSecret: on("INSERT OR REPLACE INTO secrets (name, sealed) VALUES (?, ?)"),
    dropSecret: on("DELETE FROM secrets WHERE name = ?"),
  };
  return {
    rotation(): KeptRotation | null {
      const row = statements.meta.get("rotation");
      const seed = secret("next-user-seed");
      return row === undefined || seed === null ? null : { ...v.parse(RotationRow, row).value, seed };
    },
    statement(): Uint8Array | null {
      const row = statements.meta.get("statement");
      return row === undefined ? null : v.parse(v.object({ value: v.instance(Uint8Array) }), row).value;
    },
    arePackagesDue: () => statements.meta.get("packages-due") !== undefined,
    apply,
    /** Another device begins, which has no user key yet. */
    forget(): void {
      drop();
      statements.dropMeta.run("statement");
      statements.dropMeta.run("packages-due");
    },
  };

  function apply(change: OwnKeyChange): void {
    switch (change.kind) {
      case "rotation-begun":
        // Its seed may be the only copy of a key that the server has taken.
        if (statements.meta.get("rotation") !== undefined)
          throw new AgentStoreError(
            "conflict",
            "A new user key is on its way already. Try again when that is done: it goes on by itself when the server is there.",
          );
        statements.setMeta.run("rotation", write(change.rotation));
        keep("next-user-seed", change.rotation.seed);
        return;
      case "rotation-dropped":
        drop();
        return;
      case "user-key-succeeded":
        drop();
        statements.setMeta.run("record", change.record);
        statements.setMeta.run("statement", change.statement);
        statements.setMeta.run("packages-due", 1);
        keep("user-seed", change.seed);
        return;
      case "packages-renewed":
        statements.dropMeta.run("packages-due");
        return;
    }
  }

  function drop(): void {
    statements.dropMeta.run("rotation");
    statements.dropSecret.run("next-user-seed");
  }

  function keep(name: string, bytes: Uint8Array): void {
    statements.setSecret.run(name, secrets.seal(name, bytes));
  }

  function secret(name: string): Uint8Array | null {
    const row = statements.secret.get(name);
    return row === undefined
      ? null
      : secrets.open(name, v.parse(v.object({ sealed: v.instance(Uint8Array) }), row).sealed);
  }
}

function write({ former, statement, removed, own, staying }: KeptRotation): string {
  return JSON.stringify({
    former: hex(former),
    statement: hex(statement),
    removed: removed.map(hex),
    own: hex(own),
    staying: staying.map(({ device, record, sealed }) => ({
      device: hex(device),
      record: hex(record),
      sealed: hex(sealed),
    })),
  });
}

const Bytes = v.pipe(
  v.string(),
  v.hexadecimal(),
  v.transform((text): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"))),
);
const RotationRow = v.object({
  value: v.pipe(
    v.string(),
    v.parseJson(),
    v.object({
      former: Bytes,
      statement: Bytes,
      removed: v.array(Bytes),
      own: Bytes,
      staying: v.array(v.object({ device: Bytes, record: Bytes, sealed: Bytes })),
    }),
  ),
});
