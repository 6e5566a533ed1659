/**
 * Each takes the database from the version of its index to the next. Never change one that was released: add another.
 * Columns called `sealed` are encrypted under the key that lies apart (secrets.ts); all others are readable.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE secrets (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE key_packages (
    reference BLOB PRIMARY KEY, sealed BLOB NOT NULL, last_resort INTEGER NOT NULL, made_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE groups (
    id BLOB PRIMARY KEY, conversation TEXT NOT NULL, status TEXT NOT NULL, stopped TEXT,
    cursor INTEGER NOT NULL, hash BLOB NOT NULL, sent INTEGER NOT NULL, update_due INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE group_states (
    group_id BLOB NOT NULL REFERENCES groups, slot TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (group_id, slot)
  ) STRICT;
  CREATE TABLE group_trees (
    group_id BLOB NOT NULL REFERENCES groups, slot TEXT NOT NULL, tree BLOB NOT NULL, PRIMARY KEY (group_id, slot)
  ) STRICT;
  CREATE TABLE requests (
    group_id BLOB PRIMARY KEY REFERENCES groups, request_id BLOB NOT NULL, kind TEXT NOT NULL, epoch INTEGER NOT NULL,
    after INTEGER NOT NULL, handshake BLOB NOT NULL, welcome BLOB, group_info BLOB NOT NULL, welcomed TEXT NOT NULL
  ) STRICT;

  CREATE TABLE outbox (
    place INTEGER PRIMARY KEY AUTOINCREMENT, group_id BLOB NOT NULL REFERENCES groups, message_id BLOB NOT NULL,
    content BLOB NOT NULL, text TEXT, written_at INTEGER NOT NULL, UNIQUE (group_id, message_id)
  ) STRICT;
  CREATE TABLE flights (
    group_id BLOB PRIMARY KEY REFERENCES groups, message_id BLOB NOT NULL, number INTEGER NOT NULL,
    epoch INTEGER NOT NULL, message BLOB NOT NULL
  ) STRICT;

  CREATE TABLE history (
    place INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL, group_id BLOB NOT NULL, number INTEGER NOT NULL,
    at INTEGER NOT NULL, kind TEXT NOT NULL, who TEXT, device BLOB, message_id BLOB, content BLOB, text TEXT,
    detail TEXT
  ) STRICT;
  CREATE UNIQUE INDEX history_by_number ON history (group_id, number) WHERE message_id IS NOT NULL;
  CREATE INDEX history_by_conversation ON history (conversation, place);
  CREATE UNIQUE INDEX history_by_message ON history (conversation, device, message_id) WHERE message_id IS NOT NULL;
  CREATE VIRTUAL TABLE history_words USING fts5 (
    text, content = 'history', content_rowid = 'place', tokenize = 'unicode61 remove_diacritics 2'
  );
  INSERT INTO history_words (history_words, rank) VALUES ('secure-delete', 1);

  CREATE TABLE senders (
    group_id BLOB NOT NULL REFERENCES groups, device BLOB NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (group_id, device)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE readers (
    group_id BLOB NOT NULL REFERENCES groups, who TEXT NOT NULL, PRIMARY KEY (group_id, who)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pins (
    who TEXT PRIMARY KEY, server BLOB NOT NULL, kind TEXT NOT NULL, identity TEXT NOT NULL, user_key BLOB NOT NULL,
    level TEXT NOT NULL, since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE name_pins (
    folded TEXT PRIMARY KEY, name TEXT NOT NULL, server BLOB NOT NULL, kind TEXT NOT NULL, identity TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE drafts (conversation TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // Who could read each message: sets of people by number (four bytes each, rising), each set once. Edits and deletions change the
  // row that they are about, and are hidden themselves.
  `
  CREATE TABLE people (id INTEGER PRIMARY KEY, who TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE reader_sets (id INTEGER PRIMARY KEY, members BLOB NOT NULL UNIQUE) STRICT;
  ALTER TABLE history ADD COLUMN readers INTEGER REFERENCES reader_sets;
  ALTER TABLE history ADD COLUMN about_device BLOB;
  ALTER TABLE history ADD COLUMN about_message BLOB;
  ALTER TABLE history ADD COLUMN amended TEXT;
  ALTER TABLE history ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
  DROP INDEX history_by_conversation;
  CREATE INDEX history_shown ON history (conversation, place) WHERE hidden = 0;
  CREATE INDEX history_about ON history (conversation, about_device, about_message) WHERE about_message IS NOT NULL;
  ALTER TABLE groups ADD COLUMN access TEXT;
  ALTER TABLE groups ADD COLUMN readers INTEGER REFERENCES reader_sets;
  ALTER TABLE groups ADD COLUMN reached INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE plain_allowed (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
  `CREATE INDEX history_by_group ON history (group_id, number) WHERE hidden = 0;`,
  // Groups that took the place of others, and the devices that are still to be added to them.
  `
  ALTER TABLE groups ADD COLUMN successor BLOB REFERENCES groups;
  CREATE INDEX groups_by_successor ON groups (successor) WHERE successor IS NOT NULL;
  CREATE TABLE owed (
    group_id BLOB NOT NULL REFERENCES groups, device BLOB NOT NULL, device_key BLOB NOT NULL, PRIMARY KEY (group_id, device)
  ) STRICT, WITHOUT ROWID;
  `,
  // What a commit is to do that isn't in the log yet.
  `
  CREATE TABLE intents (
    group_id BLOB PRIMARY KEY REFERENCES groups, made_at INTEGER NOT NULL, intent TEXT NOT NULL
  ) STRICT;
  `,
  // Devices that this one confirms by itself, once they show that they have the secret.
  `
  CREATE TABLE invitations (id BLOB PRIMARY KEY, sealed BLOB NOT NULL, until INTEGER NOT NULL, device BLOB) STRICT;
  `,
  // Of each pin the keys before it and the devices that stayed or went.
  `ALTER TABLE pins ADD COLUMN succession TEXT;`,
  // What the numbers of a group's log count from, and each entry's number counted so: a conversation's numbers rise over its groups, and an entry
  // keeps its first.
  `
  ALTER TABLE groups ADD COLUMN base INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE history ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;
  UPDATE history SET shown = number;
  CREATE INDEX history_by_shown ON history (conversation, shown) WHERE hidden = 0;
  `,
  // Where an entry stands in its conversation, see HistoryRow. So far that was the order in which they came; what an imported file has brought
  // shows by a group that isn't there, or a number below one that came before it, and goes to its own time. Each stands behind the one before it.
  `
  ALTER TABLE history ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
  UPDATE history SET position = placed.position FROM (
    SELECT place, nth + max(1000 * said - nth) OVER (PARTITION BY conversation ORDER BY nth) AS position FROM (
      SELECT place, conversation, said, row_number() OVER (PARTITION BY conversation ORDER BY said, shown, place) AS nth FROM (
        SELECT place, conversation, shown, CASE WHEN is_new
          THEN max(CASE WHEN is_new THEN at END) OVER (PARTITION BY conversation ORDER BY place) ELSE at END AS said
        FROM (
          SELECT place, conversation, shown, min(at, 4000000000000) AS at, group_id IN (SELECT id FROM groups)
            AND number >= max(number) OVER (PARTITION BY group_id ORDER BY place) AS is_new
          FROM history
        )
      )
    )
  ) AS placed WHERE placed.place = history.place;
  DROP INDEX history_shown;
  CREATE INDEX history_by_position ON history (conversation, position) WHERE hidden = 0;
  `,
  // To whom alone a message may be sent again (a reader set; 0, which none has: to nobody else). Null for what was never stored.
  `
  ALTER TABLE outbox ADD COLUMN audience INTEGER;
  UPDATE outbox SET audience = (
    SELECT coalesce(history.readers, 0) FROM history JOIN groups ON groups.conversation = history.conversation
    WHERE groups.id = outbox.group_id AND history.message_id = outbox.message_id
      AND history.device = (SELECT value FROM meta WHERE key = 'device-id')
      AND json_extract(history.detail, '$.amends') IS NOT 'deletion'
  );
  `,
];
