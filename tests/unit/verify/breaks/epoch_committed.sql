-- A purse row that is not its newest proven epoch.
UPDATE card_purse SET opening_stored_minor = 1 WHERE uid = t.uid('x') AND purse = 'water';
SELECT 'epoch_committed: chip ' || encode(t.uid('x'), 'hex') || ' water';
