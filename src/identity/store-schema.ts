/**
 * The database's tables, one entry per version; an entry that was released is never changed, a new one is added.
 * Times are wall-clock milliseconds.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE users (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, password TEXT,
    administrator INTEGER NOT NULL, created_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE grants (
    user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE, scope TEXT NOT NULL, rights TEXT NOT NULL,
    PRIMARY KEY (user_id, scope)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    name TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER, seen_ms INTEGER
  ) STRICT;
  CREATE INDEX sessions_user ON sessions (user_id);
  CREATE INDEX tokens_user ON tokens (user_id);
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    subject TEXT, detail TEXT
  ) STRICT;
  CREATE TABLE kept (
    kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  `,
  // A number that moves with everything on which rights stand, so that asking for them costs one row.
  `
  CREATE TABLE identity_version (n INTEGER NOT NULL) STRICT;
  INSERT INTO identity_version VALUES (1);
  ${["users", "grants"]
    .flatMap((table) => ["INSERT", "UPDATE", "DELETE"].map((event) => [event, table]))
    .concat([
      ["DELETE", "sessions"],
      ["DELETE", "tokens"],
    ])
    .map(
      ([event, table]) =>
        `CREATE TRIGGER ${table}_${event?.toLowerCase()} AFTER ${event} ON ${table}
         BEGIN UPDATE identity_version SET n = n + 1; END;`,
    )
    .join("\n")}
  `,
  // Tokens carry rights. One from before keeps what its person may, but for people, tokens and passwords, which are
  // a session's. The command line's words for the audit become the API's.
  `
  ALTER TABLE tokens ADD COLUMN grants TEXT;
  UPDATE tokens SET grants =
    '[{"scope":"*","rights":["view","listen","talk","page","unlock","administer","metrics"]}]';
  UPDATE audit SET action = 'user-added' WHERE action = 'user-add';
  UPDATE audit SET action = 'user-removed' WHERE action = 'user-remove';
  UPDATE audit SET action = 'user-changed', detail = 'password' WHERE action = 'user-password';
  UPDATE audit SET action = 'user-changed', detail = 'grants' WHERE action = 'user-grant';
  UPDATE audit SET action = 'token-made', subject = detail, detail = 'for ' || subject WHERE action = 'token-add';
  UPDATE audit SET action = 'token-revoked', subject = detail, detail = 'of ' || subject WHERE action = 'token-remove';
  `,
  // Calls, with a picture of who called.
  `
  CREATE TABLE calls (
    id TEXT PRIMARY KEY, started_ms INTEGER NOT NULL, state TEXT NOT NULL, info TEXT NOT NULL, snapshot BLOB
  ) STRICT;
  CREATE INDEX calls_started ON calls (started_ms);
  `,
  // Sessions of screens that are locked to the panel.
  `
  ALTER TABLE sessions ADD COLUMN panel INTEGER NOT NULL DEFAULT 0;
  `,
  // Invitations to choose a password; they go with the person, and with who invited them.
  `
  CREATE TABLE invitations (
    user_id TEXT PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE, hash BLOB NOT NULL UNIQUE,
    by_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL
  ) STRICT;
  `,
  // From where, and by which browser, a session was begun.
  `
  ALTER TABLE sessions ADD COLUMN address TEXT;
  ALTER TABLE sessions ADD COLUMN browser TEXT;
  `,
];
