-- What a job that states only what shall change asks for as a whole: known once the object was read, written with the
-- digest of the request. An order in writing states it.
ALTER TABLE attempts ADD COLUMN whole json;
