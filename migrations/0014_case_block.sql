-- A case locks a card that may be blocked for another reason already; that reason has to be there again when the case is closed.
ALTER TABLE card ADD COLUMN block_under_case text CHECK (block_under_case IN ('leaver', 'holder'));
COMMENT ON COLUMN card.block_under_case IS 'While block is case: the block that was there before, and comes back';
