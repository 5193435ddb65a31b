-- A number that was allocated and has no row.
UPDATE card_purse SET highest_no = highest_no + 1 WHERE uid = t.uid('x') AND purse = 'times';
SELECT 'epoch_gapless: chip ' || encode(t.uid('x'), 'hex') || ' times';
