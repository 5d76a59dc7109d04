-- Who works an account, what was sent for it, and whether it is silent.
CREATE TABLE leases (
    name       TEXT    PRIMARY KEY,
    owner      TEXT    NOT NULL,
    fence      INTEGER NOT NULL CHECK (fence > 0),
    -- By the system's clock; 0 once it was given back.
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sends (
    account     TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    slots       INTEGER NOT NULL CHECK (slots >= 0),
    reserved_at INTEGER NOT NULL,
    closed_at   INTEGER,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE account_state (
    account         TEXT PRIMARY KEY,
    suspended       TEXT,
    suspended_at    INTEGER,
    cooldown_until  INTEGER,
    cooldown_reason TEXT,
    CHECK ((suspended IS NULL) = (suspended_at IS NULL)),
    CHECK ((cooldown_until IS NULL) = (cooldown_reason IS NULL))
) STRICT, WITHOUT ROWID;
