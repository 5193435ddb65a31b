-- An issue made by mistake is taken back: the card is wiped, its row is cancelled.
ALTER TABLE operation DROP CONSTRAINT operation_kind_check,
    ADD CONSTRAINT operation_kind_check CHECK (kind IN ('issue', 'unissue', 'recharge', 'withdraw'));
COMMENT ON COLUMN operation.kind IS 'issue, unissue (a card taken back and wiped), recharge or withdraw';
COMMENT ON COLUMN operation.reason IS 'Reason given for an undo or for taking a card back';
COMMENT ON COLUMN leg.purse IS 'Purse; null: the whole card (issue, unissue)';

-- Wiping a card needs all of it, with the keys that open it now: a reading that was made for money is made anew.
ALTER TABLE desk_live ADD COLUMN read_asked_at timestamptz;
COMMENT ON COLUMN desk_live.read_asked_at IS 'When the agent was last asked to read the whole card for an un-issue';
