-- Jobs, what they wait for, and what was tried. Instants are microseconds since 1970 UTC (bigint), so that both databases
-- and every clock a test may move do the same arithmetic; the view jobs_readable at the end of this file is for people.
--
-- JSON is kept as `json`, not `jsonb`: it comes back byte for byte, is cheaper to write, and jsonb refuses texts that a
-- publisher may well send (an escaped NUL), which would make one bad job stop a whole transaction.
-- There are no foreign keys on the hot tables: each would lock and look up the job's row once more per attempt and event.

-- The database's own clock; leases live by it.
CREATE FUNCTION clock_micros() RETURNS bigint LANGUAGE sql VOLATILE
    AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

CREATE TABLE jobs (
    id               uuid     PRIMARY KEY,
    seq              bigint   GENERATED ALWAYS AS IDENTITY,
    digest           bytea    NOT NULL CHECK (length(digest) = 32),
    publisher        text     NOT NULL,
    account          text     NOT NULL,
    operation        text     NOT NULL,
    object           text     NOT NULL,
    params           json     NOT NULL,
    class            smallint NOT NULL,
    state            text     NOT NULL CHECK (state IN (
                                  'waiting', 'running', 'in_doubt', 'pending', 'succeeded', 'failed', 'cancelled',
                                  'expired', 'needs_attention')),
    waiting_for      text     NOT NULL CHECK (waiting_for IN (
                                  'turn', 'time', 'dependency', 'predecessor', 'backoff', 'cooldown', 'quota')),
    cause            text,
    reason           text,
    due_at           bigint   NOT NULL,
    start_by         bigint,
    batch            text,
    max_attempts     bigint   NOT NULL,
    attempt          bigint   NOT NULL DEFAULT 0,
    spent            bigint   NOT NULL DEFAULT 0,
    asked            bigint   NOT NULL DEFAULT 0,
    transaction_id   text,
    keep_transaction boolean  NOT NULL DEFAULT false,
    lost             boolean  NOT NULL DEFAULT false,
    intent_at        bigint,
    blockers         bigint   NOT NULL DEFAULT 0 CHECK (blockers >= 0),
    doomed_by        uuid,
    answer           json,
    context          json,
    reply_to         text,
    correlation_id   text,
    created_at       bigint   NOT NULL,
    updated_at       bigint   NOT NULL,
    finished_at      bigint,
    fence            bigint   NOT NULL DEFAULT 0,
    CONSTRAINT jobs_finished CHECK (
        (finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled', 'expired'))),
    CONSTRAINT jobs_only_waiting_waits CHECK (state = 'waiting' OR (waiting_for = 'turn' AND blockers = 0)),
    CONSTRAINT jobs_intent_before_wire CHECK (
        state NOT IN ('running', 'in_doubt', 'pending') OR (attempt > 0 AND transaction_id IS NOT NULL AND intent_at IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1,
        autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);

-- Listing, newest first.
CREATE UNIQUE INDEX jobs_seq ON jobs (seq);
-- What may start: three short range scans, one per class. Blocked jobs are not in it, and so cost a claim nothing.
CREATE INDEX jobs_due ON jobs (account, class, due_at, seq) WHERE state = 'waiting' AND blockers = 0;
-- The unfinished jobs: last one on an object (its tail), and the counts of open states.
CREATE INDEX jobs_open ON jobs (account, object, seq) INCLUDE (state, created_at) WHERE finished_at IS NULL;
-- The history of an object, which is what people ask for first.
CREATE INDEX jobs_object ON jobs (object, seq);
CREATE INDEX jobs_doubt ON jobs (account, due_at, seq) WHERE state = 'in_doubt';
CREATE INDEX jobs_running ON jobs (account, fence) WHERE state = 'running';
CREATE INDEX jobs_start_by ON jobs (start_by) WHERE state = 'waiting' AND start_by IS NOT NULL;
CREATE INDEX jobs_doomed ON jobs (seq) WHERE state = 'waiting' AND doomed_by IS NOT NULL;
CREATE INDEX jobs_batch ON jobs (batch, state) WHERE batch IS NOT NULL;

-- Jobs that ended, per account and state, counted as they end: a scrape of the metrics must not read a million rows.
CREATE TABLE finished (
    account text   NOT NULL,
    state   text   NOT NULL CHECK (state IN ('succeeded', 'failed', 'cancelled', 'expired')),
    jobs    bigint NOT NULL,
    PRIMARY KEY (account, state)
) WITH (fillfactor = 20);

-- The end of an attempt changes no index, so a half-empty page takes it in place.
CREATE TABLE attempts (
    job_id         uuid   NOT NULL,
    attempt        bigint NOT NULL CHECK (attempt > 0),
    transaction_id text   NOT NULL,
    digest         bytea  NOT NULL CHECK (length(digest) = 32),
    fence          bigint NOT NULL,
    started_at     bigint NOT NULL,
    ended_at       bigint,
    cause          text,
    code           text,
    reason         text,
    PRIMARY KEY (job_id, attempt)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);

-- What a job still waits for; a row goes when it is released. jobs.blockers is the number of its rows here.
-- A job's rows change only while its row in jobs is locked. `needs_id` may not be known yet (kind `after`).
CREATE TABLE job_links (
    job_id   uuid NOT NULL,
    needs_id uuid NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('after', 'object')),
    PRIMARY KEY (job_id, needs_id, kind),
    CHECK (job_id <> needs_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX job_links_needs ON job_links (needs_id);

CREATE TABLE batches (
    name       text   PRIMARY KEY,
    publisher  text   NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX batches_created ON batches (created_at);

CREATE VIEW jobs_readable AS
SELECT id, seq, publisher, account, operation, object, class, state, waiting_for, cause, reason,
       to_timestamp(due_at / 1000000.0)      AS due_at,
       to_timestamp(start_by / 1000000.0)    AS start_by,
       batch, attempt, max_attempts, spent, asked, transaction_id, blockers, doomed_by,
       to_timestamp(intent_at / 1000000.0)   AS intent_at,
       to_timestamp(created_at / 1000000.0)  AS created_at,
       to_timestamp(updated_at / 1000000.0)  AS updated_at,
       to_timestamp(finished_at / 1000000.0) AS finished_at,
       fence
FROM jobs;
