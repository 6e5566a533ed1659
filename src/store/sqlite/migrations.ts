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
  // Checksums (`sums.ts`), the number of the last commit, and logs. Tables are rebuilt rather than altered, so that their
  // definition is word for word the one that stands here: a start compares it.
  `
  ALTER TABLE claims RENAME TO claims_before;
  CREATE TABLE claims (
    folded TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    identity TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO claims SELECT folded, name, identity, claimed_at, row_sum('claims', folded, name, identity, claimed_at)
    FROM claims_before;
  DROP TABLE claims_before;

  ALTER TABLE bans RENAME TO bans_before;
  CREATE TABLE bans (
    folded TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    identity TEXT,
    banned_by TEXT NOT NULL,
    banned_at INTEGER NOT NULL,
    sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO bans SELECT folded, name, identity, banned_by, banned_at,
    row_sum('bans', folded, name, identity, banned_by, banned_at) FROM bans_before;
  DROP TABLE bans_before;

  ALTER TABLE meta RENAME TO meta_before;
  CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    sum BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO meta SELECT key, value, row_sum('meta', key, value) FROM meta_before;
  DROP TABLE meta_before;

  -- Rows of the delivery service: a table's name and a key, and plain JSON.
  CREATE TABLE rows (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    sum BLOB NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;

  -- head: the number given last; entries up to trimmed are forgotten, up to thinned those that aren't lasting; digest: of the
  -- sums of the entries that are left.
  CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    head INTEGER NOT NULL,
    trimmed INTEGER NOT NULL,
    thinned INTEGER NOT NULL,
    digest BLOB NOT NULL,
    sum BLOB NOT NULL
  ) STRICT;

  -- place: the log's id times 2^32, plus the entry's number, so that a range of a log is a range of the table.
  CREATE TABLE entries (
    place INTEGER PRIMARY KEY,
    lasting INTEGER NOT NULL,
    body BLOB NOT NULL,
    sum BLOB NOT NULL
  ) STRICT;

  -- One row: how many commits there were, and the digest of all rows of claims, bans, meta, rows and logs.
  CREATE TABLE whole (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    commits INTEGER NOT NULL,
    digest BLOB NOT NULL,
    sum BLOB NOT NULL
  ) STRICT;
  INSERT INTO whole SELECT 1, 0, all_rows, row_sum('whole', 0, all_rows) FROM (
    SELECT digest(sum) AS all_rows
      FROM (SELECT sum FROM claims UNION ALL SELECT sum FROM bans UNION ALL SELECT sum FROM meta)
  );
  `,
  // The tables stay as they are. From here on `meta` may say whose the right of the first operator is, which an older server would
  // not know and give to somebody else; and the mark beside the database (`mark.ts`) is there for good.
  "",
  // The tables stay as they are. From here on `rows` may hold devices that wait to be confirmed and what confirms them, and the secret that
  // receipts are signed with; an older server would know none of them, and let a removed device's user key stand.
  "",
  // Batches as they came, which the tables have yet to take over (`journal.ts`), by the number of their commit.
  `
  CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    batch BLOB NOT NULL,
    sum BLOB NOT NULL
  ) STRICT;
  `,
];

/** From this version on rows have checksums. */
export const SUMS_SINCE = 3;

/** From this version on the mark is there from before the first commit on: where it is missing, it was taken away. */
export const MARK_SINCE = 4;

/** From this version on there is a journal. */
export const JOURNAL_SINCE = 6;

/** "PADS": tells our files from other programs' (https://sqlite.org/pragma.html#pragma_application_id). */
export const APPLICATION_ID = 0x50414453;
