-- A card whose reading got lost on its way is asked for again while it lies there.
ALTER TABLE desk_live ADD COLUMN reading_due_at timestamptz;
COMMENT ON COLUMN desk_live.reading_due_at IS 'When the agent is asked to read the card again, if its reading has not come by then';
