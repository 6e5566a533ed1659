import * as v from "valibot";
import type { Connection } from "./connection.ts";
import type { Secrets } from "./secrets.ts";

/** What there is one of: values of `meta`, and of `secrets`, which are encrypted on the disk. Each by its name. */
export function singleValues(connection: Connection, secrets: Secrets) {
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
    /** The row `{value}`, to be checked by whoever asks. */
    meta: (name: string) => statements.meta.get(name),
    hasMeta: (name: string): boolean => statements.meta.get(name) !== undefined,
    setMeta: (name: string, value: string | number | Uint8Array) => void statements.setMeta.run(name, value),
    dropMeta: (name: string) => void statements.dropMeta.run(name),
    secret(name: string): Uint8Array | null {
      const row = statements.secret.get(name);
      return row === undefined ? null : secrets.open(name, v.parse(SealedRow, row).sealed);
    },
    setSecret: (name: string, bytes: Uint8Array) => void statements.setSecret.run(name, secrets.seal(name, bytes)),
    dropSecret: (name: string) => void statements.dropSecret.run(name),
  };
}

const SealedRow = v.object({ sealed: v.instance(Uint8Array) });
