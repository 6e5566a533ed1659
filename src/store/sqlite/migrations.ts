/**
 * The database's history. Migration n (counted from 1) brings a file of `user_version` n-1 to n. What was published
 * is never changed; a new need is a new entry at the end.
 *
 * An identity is one column of JSON and not a column for each of its fields: nothing is ever asked by its parts, and
 * a new kind of identity needs no new columns that are empty for all others. `rows.ts` checks it when it is read.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE claims (
    folded TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    identity TEXT NOT NULL,
    claimed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE bans (
    folded TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    identity TEXT,
    banned_by TEXT NOT NULL,
    banned_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
