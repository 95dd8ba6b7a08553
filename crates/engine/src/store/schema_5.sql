-- Work for people, each with everything that happened to it in its body.
CREATE TABLE task (
    id       TEXT PRIMARY KEY,
    run      TEXT NOT NULL,
    is_over  BIGINT NOT NULL,
    asked_at TEXT NOT NULL,
    body     TEXT NOT NULL
);
CREATE INDEX task_by_run ON task (run);
CREATE INDEX task_open ON task (asked_at) WHERE is_over = 0;

-- The bytes that were handed in as proof of a task, in base64.
CREATE TABLE proof (
    task   TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (task, sha256)
);

-- What people are to hear of their tasks, for each webhook until it was told; `due_us` is empty then.
CREATE TABLE notice (
    id      TEXT NOT NULL,
    webhook TEXT NOT NULL,
    task    TEXT NOT NULL,
    due_us  BIGINT,
    tries   BIGINT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (id, webhook)
);
CREATE INDEX notice_by_due ON notice (due_us) WHERE due_us IS NOT NULL;
CREATE INDEX notice_by_task ON notice (task);
