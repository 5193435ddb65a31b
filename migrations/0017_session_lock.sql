-- A locked screen is locked on the server too: its cookie acts on nothing until somebody logs in anew.
ALTER TABLE session ADD COLUMN locked_at timestamptz;
COMMENT ON COLUMN session.locked_at IS 'When the operator locked the screen; only a new login goes on from there';
-- It takes a third argument from here on; two forms beside each other would be ambiguous.
DROP FUNCTION IF EXISTS fn_session(bytea, text);
