-- Why a run sends nothing more, for now or for good; empty: nothing holds it.
ALTER TABLE run ADD COLUMN hold TEXT;
