-- Jobs, what they wait for, and what was tried. Instants are microseconds since 1970 UTC; ids are hyphenated UUIDs, so
-- that a person with the sqlite3 shell can read and type them; JSON is text.
CREATE TABLE jobs (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    id               TEXT    NOT NULL UNIQUE,
    digest           BLOB    NOT NULL CHECK (length(digest) = 32),
    publisher        TEXT    NOT NULL,
    account          TEXT    NOT NULL,
    operation        TEXT    NOT NULL,
    object           TEXT    NOT NULL,
    params           TEXT    NOT NULL,
    class            INTEGER NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN (
                                 'waiting', 'running', 'in_doubt', 'pending', 'succeeded', 'failed', 'cancelled',
                                 'expired', 'needs_attention')),
    waiting_for      TEXT    NOT NULL CHECK (waiting_for IN (
                                 'turn', 'time', 'dependency', 'predecessor', 'backoff', 'cooldown', 'quota')),
    cause            TEXT,
    reason           TEXT,
    due_at           INTEGER NOT NULL,
    start_by         INTEGER,
    batch            TEXT,
    max_attempts     INTEGER NOT NULL,
    attempt          INTEGER NOT NULL DEFAULT 0,
    spent            INTEGER NOT NULL DEFAULT 0,
    asked            INTEGER NOT NULL DEFAULT 0,
    transaction_id   TEXT,
    keep_transaction INTEGER NOT NULL DEFAULT 0 CHECK (keep_transaction IN (0, 1)),
    lost             INTEGER NOT NULL DEFAULT 0 CHECK (lost IN (0, 1)),
    intent_at        INTEGER,
    blockers         INTEGER NOT NULL DEFAULT 0 CHECK (blockers >= 0),
    doomed_by        TEXT,
    answer           TEXT,
    context          TEXT,
    reply_to         TEXT,
    correlation_id   TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    finished_at      INTEGER,
    fence            INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT jobs_finished CHECK (
        (finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled', 'expired'))),
    CONSTRAINT jobs_only_waiting_waits CHECK (state = 'waiting' OR (waiting_for = 'turn' AND blockers = 0)),
    CONSTRAINT jobs_intent_before_wire CHECK (
        state NOT IN ('running', 'in_doubt', 'pending') OR (attempt > 0 AND transaction_id IS NOT NULL AND intent_at IS NOT NULL))
) STRICT;

-- What may start: three short range scans, one per class. Blocked jobs are not in it, and so cost a claim nothing.
CREATE INDEX jobs_due ON jobs (account, class, due_at, seq) WHERE state = 'waiting' AND blockers = 0;
-- The unfinished jobs: last one on an object (its tail), and the counts of open states.
CREATE INDEX jobs_open ON jobs (account, object, seq, state, created_at) WHERE finished_at IS NULL;
-- The history of an object, which is what people ask for first.
CREATE INDEX jobs_object ON jobs (object, seq);
CREATE INDEX jobs_doubt ON jobs (account, due_at, seq) WHERE state = 'in_doubt';
CREATE INDEX jobs_running ON jobs (account, fence) WHERE state = 'running';
CREATE INDEX jobs_start_by ON jobs (start_by) WHERE state = 'waiting' AND start_by IS NOT NULL;
CREATE INDEX jobs_doomed ON jobs (seq) WHERE state = 'waiting' AND doomed_by IS NOT NULL;
CREATE INDEX jobs_batch ON jobs (batch, state) WHERE batch IS NOT NULL;

-- Jobs that ended, per account and state, counted as they end: a scrape of the metrics must not read a million rows.
CREATE TABLE finished (
    account TEXT    NOT NULL,
    state   TEXT    NOT NULL CHECK (state IN ('succeeded', 'failed', 'cancelled', 'expired')),
    jobs    INTEGER NOT NULL,
    PRIMARY KEY (account, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
    job_id         TEXT    NOT NULL REFERENCES jobs (id),
    attempt        INTEGER NOT NULL CHECK (attempt > 0),
    transaction_id TEXT    NOT NULL,
    digest         BLOB    NOT NULL CHECK (length(digest) = 32),
    fence          INTEGER NOT NULL,
    started_at     INTEGER NOT NULL,
    ended_at       INTEGER,
    cause          TEXT,
    code           TEXT,
    reason         TEXT,
    PRIMARY KEY (job_id, attempt)
) STRICT, WITHOUT ROWID;

-- What a job still waits for; a row goes when it is released. jobs.blockers is the number of its rows here.
-- `needs_id` may not be known yet (kind `after`), hence no reference.
CREATE TABLE job_links (
    job_id   TEXT NOT NULL REFERENCES jobs (id),
    needs_id TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('after', 'object')),
    PRIMARY KEY (job_id, needs_id, kind),
    CHECK (job_id <> needs_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_links_needs ON job_links (needs_id);

CREATE TABLE batches (
    name       TEXT    PRIMARY KEY,
    publisher  TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_created ON batches (created_at);

CREATE VIEW jobs_readable AS
SELECT id, seq, publisher, account, operation, object, class, state, waiting_for, cause, reason,
       datetime(due_at / 1000000.0, 'unixepoch')      AS due_at,
       datetime(start_by / 1000000.0, 'unixepoch')    AS start_by,
       batch, attempt, max_attempts, spent, asked, transaction_id, blockers, doomed_by,
       datetime(intent_at / 1000000.0, 'unixepoch')   AS intent_at,
       datetime(created_at / 1000000.0, 'unixepoch')  AS created_at,
       datetime(updated_at / 1000000.0, 'unixepoch')  AS updated_at,
       datetime(finished_at / 1000000.0, 'unixepoch') AS finished_at,
       fence
FROM jobs;
