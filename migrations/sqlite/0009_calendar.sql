-- The calendar: what is due for whom, and what became of it. At most one line of an account, an object and a kind is open.
CREATE TABLE deadlines (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    TEXT    NOT NULL,
    object     TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    due_at     INTEGER NOT NULL,
    -- How the date is known, and from where.
    basis      TEXT    NOT NULL CHECK (basis IN ('answer', 'message', 'rule', 'import', 'credential')),
    evidence   TEXT    NOT NULL,
    note       TEXT    NOT NULL,
    opened_at  INTEGER NOT NULL,
    heard_at   INTEGER NOT NULL,
    -- What was to be said and done up to here has been.
    seen_until INTEGER NOT NULL,
    next_at    INTEGER,
    -- Questions since the date has passed.
    asked      INTEGER NOT NULL CHECK (asked >= 0),
    job_id     TEXT,
    ending     TEXT    CHECK (ending IN ('met', 'missed', 'cleared')),
    closed_at  INTEGER,
    why        TEXT,
    CHECK ((closed_at IS NULL) = (ending IS NULL) AND (closed_at IS NULL) = (next_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX deadlines_open ON deadlines (account, object, kind) WHERE closed_at IS NULL;
CREATE INDEX deadlines_next ON deadlines (next_at, id) WHERE closed_at IS NULL;
CREATE INDEX deadlines_due ON deadlines (due_at, id);

-- What was heard for it, written with what it came with, and taken out when the calendar is up to date.
CREATE TABLE calendar_words (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT    NOT NULL
) STRICT;

-- By which plan of reminders the lines of an account were drawn up, and what was last told of its days.
CREATE TABLE calendar_accounts (
    account    TEXT PRIMARY KEY,
    plan       TEXT NOT NULL,
    digest_day TEXT,
    risk_day   TEXT
) STRICT, WITHOUT ROWID;
