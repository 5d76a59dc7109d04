-- Who has the turn, and what keeps everybody else from it.

-- The queue a job waits in is what it named: an account, or a pool of accounts. `account` is who works it: the same, and
-- for a job of a pool the one that claimed it. Jobs of one lane on one object run one at a time: a pool is one lane with
-- all its accounts.
ALTER TABLE jobs ADD COLUMN queue text, ADD COLUMN lane text;
-- One rewrite that builds each index once; an UPDATE would leave every row and every entry behind it twice.
ALTER TABLE jobs ALTER COLUMN queue TYPE text USING account, ALTER COLUMN lane TYPE text USING account;
ALTER TABLE jobs ALTER COLUMN queue SET NOT NULL, ALTER COLUMN lane SET NOT NULL;

-- A ripe job (due, not blocked) has a turn; 0 is the front. What a job that is paused is held by.
ALTER TABLE jobs ADD COLUMN turn bigint CHECK (turn >= 0), ADD COLUMN held_by text;
ALTER TABLE jobs DROP CONSTRAINT jobs_waiting_for_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_waiting_for_check CHECK (waiting_for IN (
    'turn', 'time', 'dependency', 'predecessor', 'backoff', 'cooldown', 'quota', 'spacing', 'paused'));
ALTER TABLE jobs ADD CONSTRAINT jobs_paused_is_held CHECK ((held_by IS NOT NULL) = (waiting_for = 'paused'));

DROP INDEX jobs_due;
-- Whose turn it is: a claim reads the first entries of each class and publisher, and nothing else.
CREATE INDEX jobs_turn ON jobs (queue, class, publisher, turn, seq)
    WHERE state = 'waiting' AND blockers = 0 AND turn IS NOT NULL;
-- What ripens when.
CREATE INDEX jobs_unripe ON jobs (queue, class, due_at, seq)
    WHERE state = 'waiting' AND blockers = 0 AND turn IS NULL AND waiting_for <> 'paused';
CREATE INDEX jobs_held ON jobs (held_by, seq) WHERE held_by IS NOT NULL;

-- The unfinished jobs of an order: the last one on an object (its tail). It also has what the counts of open states need.
DROP INDEX jobs_open;
CREATE INDEX jobs_open ON jobs (lane, object, seq) INCLUDE (account, state, created_at, due_at, blockers, held_by)
    WHERE finished_at IS NULL;
-- What a registry's message is about is looked for by its account, whatever the lane.
CREATE INDEX jobs_pending_on ON jobs (account, object, seq) WHERE state = 'pending';

-- The last turn given in each line of jobs that take turns with each other. A row that no ripe job is behind is as good
-- as none.
CREATE TABLE turns (
    queue     text     NOT NULL,
    class     smallint NOT NULL,
    publisher text     NOT NULL,
    -- '' for jobs without a batch.
    batch     text     NOT NULL,
    last      bigint   NOT NULL,
    PRIMARY KEY (queue, class, publisher, batch)
) WITH (fillfactor = 50);

CREATE TABLE pauses (
    kind   text   NOT NULL CHECK (kind IN ('account', 'registry', 'publisher', 'operation', 'batch')),
    name   text   NOT NULL,
    reason text   NOT NULL,
    since  bigint NOT NULL,
    PRIMARY KEY (kind, name)
);

-- How far a batch is, counted as it goes on: whoever watches one must not count a million rows twice a second.
ALTER TABLE batches ADD COLUMN jobs bigint NOT NULL DEFAULT 0, ADD COLUMN destructive bigint NOT NULL DEFAULT 0,
                    ADD COLUMN released boolean NOT NULL DEFAULT false;
CREATE TABLE batch_ends (
    batch text   NOT NULL,
    state text   NOT NULL CHECK (state IN ('succeeded', 'failed', 'cancelled', 'expired')),
    -- The native code that decided, else the cause.
    code  text   NOT NULL,
    jobs  bigint NOT NULL,
    PRIMARY KEY (batch, state, code)
) WITH (fillfactor = 50);
UPDATE batches SET jobs = counted.jobs, destructive = counted.destructive
  FROM (SELECT batch, count(*) AS jobs,
               count(*) FILTER (WHERE operation IN ('domain.delete', 'domain.transit', 'host.delete')) AS destructive
          FROM jobs WHERE batch IS NOT NULL GROUP BY batch) AS counted
 WHERE counted.batch = batches.name;
INSERT INTO batch_ends (batch, state, code, jobs)
SELECT batch, state, coalesce(cause, ''), count(*) FROM jobs
 WHERE batch IS NOT NULL AND finished_at IS NOT NULL GROUP BY batch, state, coalesce(cause, '');

-- Points of the registries' daily quotas. `day` is the registry's local date, as 2026-11-22.
CREATE TABLE quota (
    account         text   NOT NULL,
    day             text   NOT NULL,
    used            bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    heard           bigint,
    exhausted_until bigint,
    PRIMARY KEY (account, day)
) WITH (fillfactor = 50);

-- What counts against budgets, by the minute.
CREATE TABLE noted (
    account text   NOT NULL,
    kind    text   NOT NULL CHECK (kind IN ('logins', 'errors')),
    minute  bigint NOT NULL,
    count   bigint NOT NULL,
    PRIMARY KEY (account, kind, minute)
) WITH (fillfactor = 50);

-- Which daemons are at work, by the database's clock.
CREATE TABLE daemons (
    name       text   PRIMARY KEY,
    expires_at bigint NOT NULL
) WITH (fillfactor = 20);

ALTER TABLE account_state ADD COLUMN trouble text, ADD COLUMN trouble_since bigint,
    ADD CONSTRAINT account_state_trouble CHECK ((trouble IS NULL) = (trouble_since IS NULL));

CREATE OR REPLACE VIEW jobs_readable AS
SELECT id, seq, publisher, account, operation, object, class, state, waiting_for, cause, reason,
       to_timestamp(due_at / 1000000.0)      AS due_at,
       to_timestamp(start_by / 1000000.0)    AS start_by,
       batch, attempt, max_attempts, spent, asked, transaction_id, blockers, doomed_by,
       to_timestamp(intent_at / 1000000.0)   AS intent_at,
       to_timestamp(created_at / 1000000.0)  AS created_at,
       to_timestamp(updated_at / 1000000.0)  AS updated_at,
       to_timestamp(finished_at / 1000000.0) AS finished_at,
       fence, queue, turn, held_by
FROM jobs;

-- Of a table that was rewritten nothing is known.
ANALYZE jobs;
