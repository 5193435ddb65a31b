-- Desks whose program is older than the server wants: the screen says so until it is updated.
ALTER TABLE desk_live ADD COLUMN agent_update text CHECK (agent_update IN ('advised', 'required'));
ALTER TABLE desk_live ADD COLUMN agent_needs text CHECK (char_length(agent_needs) <= 60);
COMMENT ON COLUMN desk_live.agent_update IS 'advised: an old agent that is let in; required: one that was refused; null: as new as the server wants';
COMMENT ON COLUMN desk_live.agent_needs IS 'Version the agent has to be updated to; null: none';
-- It takes what the agent says of itself as one object from here on.
DROP FUNCTION IF EXISTS fn_agent_hello(uuid, bytea, text, boolean, text, text);
