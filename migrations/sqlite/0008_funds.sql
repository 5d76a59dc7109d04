-- What costs money waits as a whole while an account has none.
CREATE TABLE pauses_anew (
    kind   TEXT    NOT NULL CHECK (kind IN ('account', 'registry', 'publisher', 'operation', 'batch', 'funds')),
    name   TEXT    NOT NULL,
    reason TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
INSERT INTO pauses_anew SELECT kind, name, reason, since FROM pauses;
DROP TABLE pauses;
ALTER TABLE pauses_anew RENAME TO pauses;
