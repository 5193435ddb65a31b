-- A proven leg whose epoch is not.
UPDATE epoch SET state = 'void', lowest_minor = NULL WHERE leg_id = t.leg('r1', 'consumption');
SELECT 'leg_proof: leg ' || t.leg('r1', 'consumption');
