-- What costs money waits as a whole while an account has none.
ALTER TABLE pauses DROP CONSTRAINT pauses_kind_check;
ALTER TABLE pauses ADD CONSTRAINT pauses_kind_check
    CHECK (kind IN ('account', 'registry', 'publisher', 'operation', 'batch', 'funds'));
