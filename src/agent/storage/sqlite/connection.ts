import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue } from "node:sqlite";

/** The one file of the agent that knows the driver; should it change its name or be replaced, this is what to rewrite. */
export interface Connection {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  readonly isTransaction: boolean;
  close(): void;
}

interface Statement {
  run(...values: SQLInputValue[]): number;
  get(...values: SQLInputValue[]): unknown;
  all(...values: SQLInputValue[]): readonly unknown[];
}

/**
 * Called before each statement, and once more after each commit: an error that it throws is the process's end at this very
 * point. Tests go through all of them.
 */
export type FaultPoint = (statement: string) => void;

/** Opens an existing file. Throws the driver's errors: `errcode` holds SQLite's extended result code. */
export function connect(
  path: string,
  access: "read-only" | "read-write",
  faultPoint: FaultPoint = () => {},
): Connection {
  const database = new DatabaseSync(path, { readOnly: access === "read-only" });
  return {
    exec(sql) {
      faultPoint(sql);
      database.exec(sql);
      if (sql === "COMMIT") faultPoint("after COMMIT");
    },
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run(...values) {
          faultPoint(sql);
          return Number(statement.run(...values).changes);
        },
        get(...values) {
          faultPoint(sql);
          return statement.get(...values);
        },
        all(...values) {
          faultPoint(sql);
          return statement.all(...values);
        },
      };
    },
    get isTransaction() {
      return database.isTransaction;
    },
    close() {
      database.close();
    },
  };
}

/** The first value of what a pragma answers. */
export function pragma(connection: Connection, name: string): unknown {
  return Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** Runs `work` in a transaction: all of it is on the disk when this returns, none of it when it throws. */
export function inTransaction<T>(connection: Connection, work: () => T): T {
  connection.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    connection.exec("COMMIT");
    return result;
  } catch (error) {
    // After some errors SQLite has rolled back by itself.
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}
