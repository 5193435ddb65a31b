-- A plan row that no plan can be made of says so: nothing was written, and it is not tried for ever.
ALTER TABLE plan ADD COLUMN problem text CHECK (char_length(problem) <= 80);
COMMENT ON COLUMN plan.problem IS 'Why the server could make no plan of this row; null: it could, or was not asked yet';
CREATE INDEX plan_problem ON plan (uid, handed_at) WHERE problem IS NOT NULL;
COMMENT ON COLUMN desk_live.read_asked_at IS 'When the agent was last asked to read the card again: whole, for an un-issue, or because more was proven of it since';
