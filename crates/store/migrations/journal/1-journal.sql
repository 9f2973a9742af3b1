-- What people and rules did, in order. hash = SHA-256 over the previous hash and this entry; see journal/chain.rs.
CREATE TABLE entry (
    seq BIGINT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    hash BYTEA NOT NULL
);

-- What events may only name: password and token hashes, addresses, channel keys. Never exported.
CREATE TABLE secret (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    value BYTEA NOT NULL,
    PRIMARY KEY (kind, id)
);

-- What was answered to a request that carried an idempotency key, so that a repeat gets the same answer.
CREATE TABLE reply (
    person TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    response BYTEA NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (person, key)
);

CREATE INDEX reply_by_time ON reply (at_ms);

-- The folded state at an entry, so that a start need not replay everything. May be deleted at any time.
CREATE TABLE snapshot (
    seq BIGINT NOT NULL PRIMARY KEY,
    state_version BIGINT NOT NULL,
    head_hash BYTEA NOT NULL,
    checksum BYTEA NOT NULL,
    bytes BYTEA NOT NULL
);
