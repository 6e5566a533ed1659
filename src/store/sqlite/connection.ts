import { DatabaseSync } from "node:sqlite";
import { addSumFunctions } from "./sums.ts";

/** The one file that knows the driver; should it change its name or be replaced, this is what to rewrite. */
export type Connection = DatabaseSync;

/** A path for `connect`: a database of its own that is gone when it is closed. */
export const IN_MEMORY = ":memory:";

/** Opens an existing file. Throws the driver's errors: `errcode` holds SQLite's extended result code. */
export function connect(path: string, access: "read-only" | "read-write"): Connection {
  const connection = new DatabaseSync(path, { readOnly: access === "read-only" });
  addSumFunctions(connection);
  return connection;
}

/** The first value of what a pragma answers. */
export function pragma(connection: Connection, name: string): unknown {
  return Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** Runs `work` in a transaction: all of it is on the disk when this returns, none of it when it throws. */
export function inTransaction(connection: Connection, work: () => void): void {
  connection.exec("BEGIN IMMEDIATE");
  try {
    work();
    connection.exec("COMMIT");
  } catch (error) {
    try {
      rollBackRest(connection);
    } catch {
      // It stays open, for whoever uses the connection next to roll back. What is told is why it failed at first.
    }
    throw error;
  }
}

/**
 * Rolls back a transaction that failed and could not be rolled back then. Whatever is written or read while it is open is part of it,
 * and never on the disk: so nothing uses the connection before this. Throws the driver's errors.
 */
export function rollBackRest(connection: Connection): void {
  // After some errors SQLite has rolled back by itself.
  if (connection.isTransaction) connection.exec("ROLLBACK");
}
