-- Requests of programs that must not be done twice, with what was answered; `status` is empty while one
-- is being done.
CREATE TABLE api_request (
    token  TEXT NOT NULL,
    key    TEXT NOT NULL,
    digest TEXT NOT NULL,
    made_us BIGINT NOT NULL,
    status BIGINT,
    body   TEXT,
    PRIMARY KEY (token, key)
);
