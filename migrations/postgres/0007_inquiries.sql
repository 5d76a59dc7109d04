-- What the registry was asked about a job, what it answered, and what that proves: one row for each conversation, written
-- with the move it led to. Of those that settled nothing only the first and the last are kept.
CREATE TABLE inquiries (
    job_id   uuid   NOT NULL,
    number   bigint NOT NULL CHECK (number > 0),
    attempt  bigint NOT NULL CHECK (attempt > 0),
    -- Why it was asked: a doubt, or an order the registry had taken.
    about    text   NOT NULL CHECK (about IN ('in_doubt', 'pending')),
    asked_at bigint NOT NULL,
    -- What was asked, and the codes of the answers; never what they show.
    questions json NOT NULL,
    finding  text   NOT NULL CHECK (finding IN ('applied', 'taken', 'not_applied', 'foreign', 'unknown')),
    evidence text   NOT NULL,
    -- Why the job moved.
    cause    text   NOT NULL,
    PRIMARY KEY (job_id, number)
);
