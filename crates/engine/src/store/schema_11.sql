-- What named people said and what holds until it ends: that somebody leaves at once, that a limit is
-- higher for a time. The newest word of a kind about a subject counts.
CREATE TABLE word (
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
);
