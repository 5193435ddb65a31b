-- A void by a fence that was never proven.
UPDATE leg SET decided_by = 'fence' WHERE id = t.leg('b1', 'water');
SELECT 'leg_fence: leg ' || t.leg('b1', 'water');
