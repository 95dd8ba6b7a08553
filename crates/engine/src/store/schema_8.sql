-- What runs by itself, since when it is followed as it is written now. Moments are microseconds
-- since 1970.
CREATE TABLE schedule (
    name     TEXT PRIMARY KEY,
    since_us BIGINT NOT NULL,
    body     TEXT NOT NULL
);

-- Each slot of a schedule that was kept, once: the key is what keeps a second process from it.
CREATE TABLE control_run (
    schedule TEXT NOT NULL,
    slot     TEXT NOT NULL,
    slot_us  BIGINT NOT NULL,
    what     TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    began_us BIGINT NOT NULL,
    ended_us BIGINT,
    tries    BIGINT NOT NULL,
    missed   BIGINT NOT NULL,
    said     TEXT NOT NULL,
    PRIMARY KEY (schedule, slot)
);
CREATE INDEX control_run_by_time ON control_run (schedule, slot_us);
