-- Who may sign in to the console, and the tokens of programs. Secrets are kept as keyed hashes only.
-- Moments are microseconds since 1970.

-- A person with a role. One who has ended keeps the row, because the audit chain speaks of them.
CREATE TABLE member (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL,
    role     TEXT NOT NULL,
    made_us  BIGINT NOT NULL,
    ended_us BIGINT
);
CREATE UNIQUE INDEX member_by_name ON member (name_key) WHERE ended_us IS NULL;

-- A link that signs somebody in once. Without a member it makes the first owner.
CREATE TABLE sign_in_link (
    hash       TEXT PRIMARY KEY,
    member     TEXT,
    expires_us BIGINT NOT NULL
);

-- One browser of one member. The secret is turned now and then; the one before is good for a moment
-- longer, for requests that were on their way.
CREATE TABLE session (
    id           TEXT PRIMARY KEY,
    member       TEXT NOT NULL,
    hash         TEXT NOT NULL,
    old_hash     TEXT,
    began_us     BIGINT NOT NULL,
    seen_us      BIGINT NOT NULL,
    turned_us    BIGINT NOT NULL
);
CREATE UNIQUE INDEX session_by_hash ON session (hash);
CREATE INDEX session_by_old_hash ON session (old_hash) WHERE old_hash IS NOT NULL;
CREATE INDEX session_by_member ON session (member);

-- A program's token, with a role.
CREATE TABLE api_token (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    hash       TEXT NOT NULL,
    made_by    TEXT NOT NULL,
    made_us    BIGINT NOT NULL,
    expires_us BIGINT,
    used_us    BIGINT,
    revoked_us BIGINT
);
