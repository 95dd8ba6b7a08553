-- Who acts where several nodes share the book, by the database's clock. Moments are microseconds
-- since 1970.
CREATE TABLE lease (
    name        TEXT PRIMARY KEY,
    node        TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    token       BIGINT NOT NULL,
    until_us    BIGINT NOT NULL
);

-- The nodes, each with the process that goes by its name now.
CREATE TABLE node (
    name        TEXT PRIMARY KEY,
    incarnation TEXT NOT NULL,
    began_us    BIGINT NOT NULL,
    seen_us     BIGINT NOT NULL,
    body        TEXT NOT NULL
);
