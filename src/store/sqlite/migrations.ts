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
  // A machine is its node's stable id from here on; the label that was stored in its place is kept as what it is.
  `
  UPDATE claims SET identity = json_object(
    'kind', 'labelled-machine',
    'label', json_extract(identity, '$.node'),
    'tags', json(json_extract(identity, '$.tags'))
  ) WHERE json_valid(identity) AND json_extract(identity, '$.kind') = 'machine';

  UPDATE bans SET identity = json_object(
    'kind', 'labelled-machine',
    'label', json_extract(identity, '$.node'),
    'tags', json(json_extract(identity, '$.tags'))
  ) WHERE json_valid(identity) AND json_extract(identity, '$.kind') = 'machine';
  `,
];
