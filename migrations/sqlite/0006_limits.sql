-- Who has the turn, and what keeps everybody else from it.

-- SQLite changes no CHECK of a table that is there, so `jobs` is built anew. The tables that refer to it are built anew
-- with it: dropping a table deletes its rows, and foreign keys cannot be turned off within a transaction.
DROP VIEW jobs_readable;
CREATE TABLE jobs_next (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    id               TEXT    NOT NULL UNIQUE,
    digest           BLOB    NOT NULL CHECK (length(digest) = 32),
    publisher        TEXT    NOT NULL,
    -- The queue a job waits in is what it named: an account, or a pool of accounts. `account` is who works it: the same,
    -- and for a job of a pool the one that claimed it. Jobs of one lane on one object run one at a time: a pool is one
    -- lane with all its accounts.
    account          TEXT    NOT NULL,
    queue            TEXT    NOT NULL,
    lane             TEXT    NOT NULL,
    operation        TEXT    NOT NULL,
    object           TEXT    NOT NULL,
    params           TEXT    NOT NULL,
    class            INTEGER NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN (
                                 'waiting', 'running', 'in_doubt', 'pending', 'succeeded', 'failed', 'cancelled',
                                 'expired', 'needs_attention')),
    waiting_for      TEXT    NOT NULL CHECK (waiting_for IN (
                                 'turn', 'time', 'dependency', 'predecessor', 'backoff', 'cooldown', 'quota', 'spacing',
                                 'paused')),
    -- A ripe job (due, not blocked) has a turn; 0 is the front. What a job that is paused is held by.
    turn             INTEGER CHECK (turn >= 0),
    held_by          TEXT,
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
        state NOT IN ('running', 'in_doubt', 'pending') OR (attempt > 0 AND transaction_id IS NOT NULL AND intent_at IS NOT NULL)),
    CONSTRAINT jobs_paused_is_held CHECK ((held_by IS NOT NULL) = (waiting_for = 'paused'))
) STRICT;
INSERT INTO jobs_next (seq, id, digest, publisher, account, queue, lane, operation, object, params, class, state,
                       waiting_for, cause, reason, due_at, start_by, batch, max_attempts, attempt, spent, asked,
                       transaction_id, keep_transaction, lost, intent_at, blockers, doomed_by, answer, context, reply_to,
                       correlation_id, created_at, updated_at, finished_at, fence)
SELECT seq, id, digest, publisher, account, account, account, operation, object, params, class, state,
       waiting_for, cause, reason, due_at, start_by, batch, max_attempts, attempt, spent, asked,
       transaction_id, keep_transaction, lost, intent_at, blockers, doomed_by, answer, context, reply_to,
       correlation_id, created_at, updated_at, finished_at, fence
  FROM jobs;

CREATE TABLE attempts_next (
    job_id         TEXT    NOT NULL REFERENCES jobs_next (id),
    attempt        INTEGER NOT NULL CHECK (attempt > 0),
    transaction_id TEXT    NOT NULL,
    digest         BLOB    NOT NULL CHECK (length(digest) = 32),
    fence          INTEGER NOT NULL,
    started_at     INTEGER NOT NULL,
    ended_at       INTEGER,
    cause          TEXT,
    code           TEXT,
    reason         TEXT,
    whole          TEXT,
    PRIMARY KEY (job_id, attempt)
) STRICT, WITHOUT ROWID;
INSERT INTO attempts_next SELECT job_id, attempt, transaction_id, digest, fence, started_at, ended_at, cause, code, reason,
                                 whole FROM attempts;
CREATE TABLE job_links_next (
    job_id   TEXT NOT NULL REFERENCES jobs_next (id),
    needs_id TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('after', 'object')),
    PRIMARY KEY (job_id, needs_id, kind),
    CHECK (job_id <> needs_id)
) STRICT, WITHOUT ROWID;
INSERT INTO job_links_next SELECT job_id, needs_id, kind FROM job_links;

-- No number of a job is ever given out twice.
DELETE FROM sqlite_sequence WHERE name = 'jobs_next';
INSERT INTO sqlite_sequence (name, seq) SELECT 'jobs_next', seq FROM sqlite_sequence WHERE name = 'jobs';
DROP TABLE attempts;
DROP TABLE job_links;
DROP TABLE jobs;
-- The references follow the name.
ALTER TABLE jobs_next RENAME TO jobs;
ALTER TABLE attempts_next RENAME TO attempts;
ALTER TABLE job_links_next RENAME TO job_links;
CREATE INDEX job_links_needs ON job_links (needs_id);

-- SQLite reads a row for every column that a statement names and the index does not have, also for one that is the same in
-- all rows of the index: hence `state`, `blockers` and `finished_at` at the ends of those that many rows are counted in.

-- Whose turn it is: a claim reads the first entries of each class and publisher, and nothing else.
CREATE INDEX jobs_turn ON jobs (queue, class, publisher, turn, seq, state, blockers)
    WHERE state = 'waiting' AND blockers = 0 AND turn IS NOT NULL;
-- What ripens when.
CREATE INDEX jobs_unripe ON jobs (queue, class, due_at, seq)
    WHERE state = 'waiting' AND blockers = 0 AND turn IS NULL AND waiting_for <> 'paused';
CREATE INDEX jobs_held ON jobs (held_by, seq) WHERE held_by IS NOT NULL;
-- The unfinished jobs of an order: the last one on an object (its tail). It also has what the counts of open states need.
CREATE INDEX jobs_open ON jobs (lane, object, seq, account, state, created_at, due_at, blockers, held_by, finished_at)
    WHERE finished_at IS NULL;
-- What a registry's message is about is looked for by its account, whatever the lane.
CREATE INDEX jobs_pending_on ON jobs (account, object, seq) WHERE state = 'pending';
-- The history of an object, which is what people ask for first.
CREATE INDEX jobs_object ON jobs (object, seq);
CREATE INDEX jobs_doubt ON jobs (account, due_at, seq) WHERE state = 'in_doubt';
CREATE INDEX jobs_running ON jobs (account, fence) WHERE state = 'running';
CREATE INDEX jobs_pending ON jobs (account, due_at, seq) WHERE state = 'pending';
CREATE INDEX jobs_start_by ON jobs (start_by) WHERE state = 'waiting' AND start_by IS NOT NULL;
CREATE INDEX jobs_doomed ON jobs (seq) WHERE state = 'waiting' AND doomed_by IS NOT NULL;
CREATE INDEX jobs_batch ON jobs (batch, state) WHERE batch IS NOT NULL;

CREATE VIEW jobs_readable AS
SELECT id, seq, publisher, account, operation, object, class, state, waiting_for, cause, reason,
       datetime(due_at / 1000000.0, 'unixepoch')      AS due_at,
       datetime(start_by / 1000000.0, 'unixepoch')    AS start_by,
       batch, attempt, max_attempts, spent, asked, transaction_id, blockers, doomed_by,
       datetime(intent_at / 1000000.0, 'unixepoch')   AS intent_at,
       datetime(created_at / 1000000.0, 'unixepoch')  AS created_at,
       datetime(updated_at / 1000000.0, 'unixepoch')  AS updated_at,
       datetime(finished_at / 1000000.0, 'unixepoch') AS finished_at,
       fence, queue, turn, held_by
FROM jobs;

-- The last turn given in each line of jobs that take turns with each other. A row that no ripe job is behind is as good
-- as none.
CREATE TABLE turns (
    queue     TEXT    NOT NULL,
    class     INTEGER NOT NULL,
    publisher TEXT    NOT NULL,
    -- '' for jobs without a batch.
    batch     TEXT    NOT NULL,
    last      INTEGER NOT NULL,
    PRIMARY KEY (queue, class, publisher, batch)
) STRICT, WITHOUT ROWID;

CREATE TABLE pauses (
    kind   TEXT    NOT NULL CHECK (kind IN ('account', 'registry', 'publisher', 'operation', 'batch')),
    name   TEXT    NOT NULL,
    reason TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- How far a batch is, counted as it goes on: whoever watches one must not count a million rows twice a second.
ALTER TABLE batches ADD COLUMN jobs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN destructive INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN released INTEGER NOT NULL DEFAULT 0 CHECK (released IN (0, 1));
CREATE TABLE batch_ends (
    batch TEXT    NOT NULL,
    state TEXT    NOT NULL CHECK (state IN ('succeeded', 'failed', 'cancelled', 'expired')),
    -- The native code that decided, else the cause.
    code  TEXT    NOT NULL,
    jobs  INTEGER NOT NULL,
    PRIMARY KEY (batch, state, code)
) STRICT, WITHOUT ROWID;
UPDATE batches SET jobs = (SELECT count(*) FROM jobs WHERE jobs.batch = batches.name),
                   destructive = (SELECT count(*) FROM jobs WHERE jobs.batch = batches.name
                                     AND operation IN ('domain.delete', 'domain.transit', 'host.delete'));
INSERT INTO batch_ends (batch, state, code, jobs)
SELECT batch, state, coalesce(cause, ''), count(*) FROM jobs
 WHERE batch IS NOT NULL AND finished_at IS NOT NULL GROUP BY batch, state, coalesce(cause, '');

-- Points of the registries' daily quotas. `day` is the registry's local date, as 2026-11-22.
CREATE TABLE quota (
    account         TEXT    NOT NULL,
    day             TEXT    NOT NULL,
    used            INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
    heard           INTEGER,
    exhausted_until INTEGER,
    PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;

-- What counts against budgets, by the minute.
CREATE TABLE noted (
    account TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('logins', 'errors')),
    minute  INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (account, kind, minute)
) STRICT, WITHOUT ROWID;

-- Which daemons are at work, by the system's clock.
CREATE TABLE daemons (
    name       TEXT    PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A CHECK over both columns can only be added with the last of them.
ALTER TABLE account_state ADD COLUMN trouble TEXT;
ALTER TABLE account_state ADD COLUMN trouble_since INTEGER CHECK ((trouble IS NULL) = (trouble_since IS NULL));
