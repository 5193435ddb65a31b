-- More numbers out than a byte can tell apart.
INSERT INTO epoch (uid, purse, epoch_no, opening_minor, opening_stored_minor, leg_id, state)
SELECT t.uid('x'), 'water', n, 0, 0, t.leg('b1', 'water'), 'void' FROM card_purse c, generate_series(c.highest_no + 1, c.committed_no + 101) n
 WHERE c.uid = t.uid('x') AND c.purse = 'water';
UPDATE card_purse SET highest_no = committed_no + 101 WHERE uid = t.uid('x') AND purse = 'water';
SELECT 'epoch_range: chip ' || encode(t.uid('x'), 'hex') || ' water';
