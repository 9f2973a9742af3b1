-- Slots of up to 64 SLIs of one source, for one minute, one hour or one day; see slots/block.rs for what is in a blob.
-- The time comes first so that new minutes are written beside each other. Minutes since 1970.
CREATE TABLE block (
    length BIGINT NOT NULL,
    first BIGINT NOT NULL,
    source BIGINT NOT NULL,
    chunk BIGINT NOT NULL,
    slots BYTEA NOT NULL,
    PRIMARY KEY (length, first, source, chunk)
);

-- Sums of the slots of a day's block, so that a start need not unpack its minutes.
CREATE TABLE day_sums (
    day BIGINT NOT NULL,
    source BIGINT NOT NULL,
    chunk BIGINT NOT NULL,
    sums BYTEA NOT NULL,
    PRIMARY KEY (day, source, chunk)
);

-- How far a source was read, in the source's own words.
CREATE TABLE progress (
    source BIGINT NOT NULL,
    name TEXT NOT NULL,
    position BYTEA NOT NULL,
    PRIMARY KEY (source, name)
);
