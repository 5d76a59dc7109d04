-- Events on their way out. Written in the transaction that makes them true, kept after the broker has confirmed them.
CREATE TABLE outbox (
    seq            bigint  PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    event_id       uuid    NOT NULL UNIQUE,
    kind           text    NOT NULL,
    account        text    NOT NULL,
    job_id         uuid,
    happened_at    bigint  NOT NULL,
    body           json    NOT NULL,
    is_final       boolean NOT NULL,
    reply_to       text,
    correlation_id text,
    sent_at        bigint,
    -- When to try next: 0 as long as no delivery has failed, so that fresh events keep the order of `seq`.
    due_at         bigint  NOT NULL DEFAULT 0,
    tries          bigint  NOT NULL DEFAULT 0,
    why            text
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);
CREATE INDEX outbox_unsent ON outbox (due_at, seq) WHERE sent_at IS NULL;
CREATE INDEX outbox_job ON outbox (job_id, seq) WHERE job_id IS NOT NULL;
