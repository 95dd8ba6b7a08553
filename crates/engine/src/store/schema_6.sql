-- The runs that go on, which delivery looks for.
CREATE INDEX run_by_openness ON run (began_at) WHERE ended_at IS NULL;
