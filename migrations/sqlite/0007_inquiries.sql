-- What the registry was asked about a job, what it answered, and what that proves: one row for each conversation, written
-- with the move it led to. Of those that settled nothing only the first and the last are kept.
CREATE TABLE inquiries (
    job_id    TEXT    NOT NULL REFERENCES jobs (id),
    number    INTEGER NOT NULL CHECK (number > 0),
    attempt   INTEGER NOT NULL CHECK (attempt > 0),
    -- Why it was asked: a doubt, or an order the registry had taken.
    about     TEXT    NOT NULL CHECK (about IN ('in_doubt', 'pending')),
    asked_at  INTEGER NOT NULL,
    -- What was asked, and the codes of the answers; never what they show.
    questions TEXT    NOT NULL,
    finding   TEXT    NOT NULL CHECK (finding IN ('applied', 'taken', 'not_applied', 'foreign', 'unknown')),
    evidence  TEXT    NOT NULL,
    -- Why the job moved.
    cause     TEXT    NOT NULL,
    PRIMARY KEY (job_id, number)
) STRICT, WITHOUT ROWID;
