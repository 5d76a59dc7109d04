-- The calendar: what is due for whom, and what became of it. At most one line of an account, an object and a kind is open.
CREATE TABLE deadlines (
    id         bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    account    text   NOT NULL,
    object     text   NOT NULL,
    kind       text   NOT NULL,
    due_at     bigint NOT NULL,
    -- How the date is known, and from where.
    basis      text   NOT NULL CHECK (basis IN ('answer', 'message', 'rule', 'import', 'credential')),
    evidence   text   NOT NULL,
    note       json   NOT NULL,
    opened_at  bigint NOT NULL,
    heard_at   bigint NOT NULL,
    -- What was to be said and done up to here has been.
    seen_until bigint NOT NULL,
    next_at    bigint,
    -- Questions since the date has passed.
    asked      bigint NOT NULL CHECK (asked >= 0),
    job_id     uuid,
    ending     text   CHECK (ending IN ('met', 'missed', 'cleared')),
    closed_at  bigint,
    why        text,
    CHECK ((closed_at IS NULL) = (ending IS NULL) AND (closed_at IS NULL) = (next_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE UNIQUE INDEX deadlines_open ON deadlines (account, object, kind) WHERE closed_at IS NULL;
CREATE INDEX deadlines_next ON deadlines (next_at, id) WHERE closed_at IS NULL;
CREATE INDEX deadlines_due ON deadlines (due_at, id);

-- What was heard for it, written with what it came with, and taken out when the calendar is up to date.
CREATE TABLE calendar_words (
    seq  bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    body json   NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);

-- By which plan of reminders the lines of an account were drawn up, and what was last told of its days.
CREATE TABLE calendar_accounts (
    account    text PRIMARY KEY,
    plan       text NOT NULL,
    digest_day text,
    risk_day   text
);
