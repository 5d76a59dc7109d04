-- Messages of the registries: stored with their event before they are removed there. Kept afterwards, since a message
-- that is read once more must be known.
CREATE TABLE inbox (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    account     TEXT    NOT NULL,
    -- The registry's id of it.
    message_id  TEXT    NOT NULL,
    native_kind TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    object      TEXT,
    written_at  INTEGER,
    received_at INTEGER NOT NULL,
    -- The data of its event.
    body        TEXT    NOT NULL,
    -- Removals begun; each has a transaction id of its own.
    tries       INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    removed_at  INTEGER,
    -- Why it could not be removed when that was last tried.
    why         TEXT,
    UNIQUE (account, message_id)
) STRICT;
-- What is still to be removed.
CREATE INDEX inbox_open ON inbox (account, seq) WHERE removed_at IS NULL;
CREATE INDEX inbox_account ON inbox (account, kind, seq);

-- Orders a registry works on, by when it is asked about them.
CREATE INDEX jobs_pending ON jobs (account, due_at, seq) WHERE state = 'pending';
