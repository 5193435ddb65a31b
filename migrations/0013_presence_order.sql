-- A presence that arrives after a newer one must not bring a card back that has left.
ALTER TABLE desk_live ADD COLUMN presence_newest uuid;
COMMENT ON COLUMN desk_live.presence_newest IS 'Newest presence that this agent process has told, also after it ended';
