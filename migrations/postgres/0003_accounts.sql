-- Who works an account, what was sent for it, and whether it is silent. Few rows, changed often and in place.
CREATE TABLE leases (
    name       text   PRIMARY KEY,
    owner      text   NOT NULL,
    fence      bigint NOT NULL CHECK (fence > 0),
    -- By the database's clock; 0 once it was given back.
    expires_at bigint NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE sends (
    account     text   NOT NULL,
    number      bigint NOT NULL,
    slots       bigint NOT NULL CHECK (slots >= 0),
    reserved_at bigint NOT NULL,
    closed_at   bigint,
    PRIMARY KEY (account, number)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE account_state (
    account         text PRIMARY KEY,
    suspended       text,
    suspended_at    bigint,
    cooldown_until  bigint,
    cooldown_reason text,
    CHECK ((suspended IS NULL) = (suspended_at IS NULL)),
    CHECK ((cooldown_until IS NULL) = (cooldown_reason IS NULL))
) WITH (fillfactor = 50);
