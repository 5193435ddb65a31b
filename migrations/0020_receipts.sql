-- Receipts: each desk prints them by the browser or by the printer of its program.
ALTER TABLE desk ADD COLUMN receipt_by text NOT NULL DEFAULT 'browser' CHECK (receipt_by IN ('browser', 'printer'));
ALTER TABLE desk ADD COLUMN receipt_paper_mm smallint NOT NULL DEFAULT 80 CHECK (receipt_paper_mm IN (58, 80));
ALTER TABLE desk ADD COLUMN receipt_language text NOT NULL DEFAULT 'en' CHECK (receipt_language IN ('en', 'zh-CN'));
COMMENT ON COLUMN desk.receipt_by IS 'Who prints receipts: the browser, or the printer of the desk program';
COMMENT ON COLUMN desk.receipt_paper_mm IS 'Width of the paper: 58 or 80 mm';
COMMENT ON COLUMN desk.receipt_language IS 'Language of receipts, whatever the screen speaks';

ALTER TABLE desk_live ADD COLUMN printer_name text CHECK (char_length(printer_name) <= 120);
ALTER TABLE desk_live ADD COLUMN receipt_waiting boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN desk_live.printer_name IS 'Receipt printer of the agent, as it was started with; null: none';
COMMENT ON COLUMN desk_live.receipt_waiting IS 'Whether the agent''s poll has to look for receipts';

CREATE TABLE receipt_print (
    id uuid PRIMARY KEY,
    operation_id uuid NOT NULL REFERENCES operation,
    desk_id uuid NOT NULL REFERENCES desk,
    operator_id uuid NOT NULL REFERENCES operator,
    kind text NOT NULL CHECK (kind IN ('receipt', 'slip')),
    made_by text NOT NULL CHECK (made_by IN ('browser', 'printer')),
    copy_no integer NOT NULL CHECK (copy_no >= 0),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    handed_at timestamptz,
    done_at timestamptz,
    problem text CHECK (problem IN ('agent', 'absent', 'paper', 'cover', 'stalled', 'broken', 'late')),
    CHECK (problem IS NULL OR done_at IS NOT NULL)
);
CREATE INDEX receipt_print_operation ON receipt_print (operation_id);
CREATE INDEX receipt_print_open ON receipt_print (desk_id, created_at) WHERE done_at IS NULL;
COMMENT ON TABLE receipt_print IS 'Every printing of a receipt or of the slip of an open act; what it says is made of the operation';
COMMENT ON COLUMN receipt_print.id IS 'Id made by the caller (UUIDv7)';
COMMENT ON COLUMN receipt_print.operation_id IS 'Act it is about';
COMMENT ON COLUMN receipt_print.desk_id IS 'Desk it was printed at';
COMMENT ON COLUMN receipt_print.operator_id IS 'Who asked for it';
COMMENT ON COLUMN receipt_print.kind IS 'receipt of a finished act, or slip of an open one';
COMMENT ON COLUMN receipt_print.made_by IS 'browser, or printer of the desk program';
COMMENT ON COLUMN receipt_print.copy_no IS '0: the original; else how many of this kind may be on paper already';
COMMENT ON COLUMN receipt_print.created_at IS 'When it was asked for';
COMMENT ON COLUMN receipt_print.handed_at IS 'When the agent got it last';
COMMENT ON COLUMN receipt_print.done_at IS 'When it was printed, or known not to be';
COMMENT ON COLUMN receipt_print.problem IS 'Why it was not printed; null: it was, or is under way';

-- What changes of a desk comes as one object from here on.
DROP FUNCTION IF EXISTS fn_desk_change(bytea, uuid, bigint, text, boolean, text);
