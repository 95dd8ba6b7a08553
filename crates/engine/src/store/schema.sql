-- One SQL text for SQLite and Postgres: few indexed columns and a JSON body per table.
-- Times are RFC 3339 text in UTC with nine digits of the second, so that it sorts as time.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- The last good delivery of each source, and why the newest one was kept out, if it was.
CREATE TABLE feed (
    source   TEXT PRIMARY KEY,
    taken_at TEXT,
    kept_out TEXT,
    body     TEXT NOT NULL
);

CREATE TABLE worker_record (
    source   TEXT NOT NULL,
    position BIGINT NOT NULL,
    number   TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (source, position)
);

CREATE TABLE appointment (
    source   TEXT NOT NULL,
    position BIGINT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (source, position)
);

-- Which identity a record was in after the last sync.
CREATE TABLE known_record (
    source   TEXT NOT NULL,
    number   TEXT NOT NULL,
    identity TEXT NOT NULL,
    PRIMARY KEY (source, number)
);

CREATE TABLE identity (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE lookalike (
    position BIGINT PRIMARY KEY,
    body     TEXT NOT NULL
);

-- Every reading of an instance; the last one made is its view, whatever the clock said.
CREATE TABLE snapshot (
    id       TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    position BIGINT NOT NULL,
    complete BIGINT NOT NULL,
    body     TEXT NOT NULL
);
CREATE INDEX snapshot_by_instance ON snapshot (instance, position);

-- What each instance holds as far as last seen. A partial snapshot adds and changes, never removes.
CREATE TABLE account (
    instance    TEXT NOT NULL,
    key         TEXT NOT NULL,
    external_id TEXT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (instance, key)
);
CREATE INDEX account_with_external_id ON account (instance) WHERE external_id <> '';

CREATE TABLE link (
    instance TEXT NOT NULL,
    key      TEXT NOT NULL,
    identity TEXT,
    body     TEXT NOT NULL,
    PRIMARY KEY (instance, key)
);
CREATE INDEX link_by_identity ON link (identity);

CREATE TABLE decision (
    position BIGINT PRIMARY KEY,
    body     TEXT NOT NULL
);

CREATE TABLE finding (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE plan (
    id      TEXT PRIMARY KEY,
    made_at TEXT NOT NULL,
    body    TEXT NOT NULL
);

CREATE TABLE approval (
    id      TEXT PRIMARY KEY,
    plan    TEXT NOT NULL,
    used_by TEXT,
    body    TEXT NOT NULL
);
CREATE INDEX approval_by_plan ON approval (plan);

-- One execution of one plan. A plan runs at most once.
CREATE TABLE run (
    id       TEXT PRIMARY KEY,
    plan     TEXT NOT NULL UNIQUE,
    began_at TEXT NOT NULL,
    ended_at TEXT
);

-- What was recorded about each change of a run, in order.
CREATE TABLE step (
    run      TEXT NOT NULL,
    change   TEXT NOT NULL,
    position BIGINT NOT NULL,
    at       TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (run, change, position)
);

-- An effect on a vendor, for the guard's sliding window.
CREATE TABLE effect (
    change   TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    at       TEXT NOT NULL,
    body     TEXT NOT NULL
);
CREATE INDEX effect_by_time ON effect (at);

-- The audit chain. Append-only; holds digests. Bodies name people and can be erased.
CREATE TABLE event (
    seq     BIGINT PRIMARY KEY,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    body    TEXT NOT NULL
);
CREATE INDEX event_by_subject ON event (subject, kind);

CREATE TABLE event_body (
    seq  BIGINT PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE checkpoint (
    size BIGINT PRIMARY KEY,
    body TEXT NOT NULL
);
