-- Pictures and the like that events name by their digest (SHA-256 of the bytes). The subject is that
-- of the event. They lie here and not in a body, so that a body stays small enough to be read.
CREATE TABLE exhibit (
    subject TEXT NOT NULL,
    digest  TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (subject, digest)
);
