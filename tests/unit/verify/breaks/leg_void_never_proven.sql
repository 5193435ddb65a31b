-- An epoch of a void leg that may still reach the card.
UPDATE epoch SET state = 'open' WHERE leg_id = t.leg('b1', 'water');
SELECT 'leg_void_never_proven: leg ' || t.leg('b1', 'water');
