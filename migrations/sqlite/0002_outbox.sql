-- Events on their way out. Written in the transaction that makes them true, kept after the broker has confirmed them.
CREATE TABLE outbox (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id       TEXT    NOT NULL UNIQUE,
    kind           TEXT    NOT NULL,
    account        TEXT    NOT NULL,
    job_id         TEXT,
    happened_at    INTEGER NOT NULL,
    body           TEXT    NOT NULL,
    is_final       INTEGER NOT NULL CHECK (is_final IN (0, 1)),
    reply_to       TEXT,
    correlation_id TEXT,
    sent_at        INTEGER,
    -- When to try next: 0 as long as no delivery has failed, so that fresh events keep the order of `seq`.
    due_at         INTEGER NOT NULL DEFAULT 0,
    tries          INTEGER NOT NULL DEFAULT 0,
    why            TEXT
) STRICT;
CREATE INDEX outbox_unsent ON outbox (due_at, seq) WHERE sent_at IS NULL;
CREATE INDEX outbox_job ON outbox (job_id, seq) WHERE job_id IS NOT NULL;
