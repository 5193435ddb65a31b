-- What is forgotten in time: readings that nothing refers to, and what only mattered for a moment (fn_forget).
CREATE INDEX presentation_at ON presentation (at);
CREATE INDEX operation_presentation ON operation (presentation_id);

CREATE TABLE forget_mark (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    readings_through timestamptz NOT NULL DEFAULT '-infinity',
    at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO forget_mark DEFAULT VALUES;
COMMENT ON TABLE forget_mark IS 'How far old readings were looked through; those in front of it that are still there stay for ever';
COMMENT ON COLUMN forget_mark.only_row IS 'There is one row';
COMMENT ON COLUMN forget_mark.readings_through IS 'Time of the last reading looked at';
COMMENT ON COLUMN forget_mark.at IS 'When the last turn ended; one an hour';
