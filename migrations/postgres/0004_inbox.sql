-- Messages of the registries: stored with their event before they are removed there. Kept afterwards, since a message
-- that is read once more must be known.
CREATE TABLE inbox (
    seq         bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    account     text   NOT NULL,
    -- The registry's id of it.
    message_id  text   NOT NULL,
    native_kind text   NOT NULL,
    kind        text   NOT NULL,
    object      text,
    written_at  bigint,
    received_at bigint NOT NULL,
    -- The data of its event.
    body        json   NOT NULL,
    -- Removals begun; each has a transaction id of its own.
    tries       bigint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    removed_at  bigint,
    -- Why it could not be removed when that was last tried.
    why         text,
    UNIQUE (account, message_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);
-- What is still to be removed.
CREATE INDEX inbox_open ON inbox (account, seq) WHERE removed_at IS NULL;
CREATE INDEX inbox_account ON inbox (account, kind, seq);

-- Orders a registry works on, by when it is asked about them.
CREATE INDEX jobs_pending ON jobs (account, due_at, seq) WHERE state = 'pending';
