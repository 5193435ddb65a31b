-- A void by receipts of which one is missing.
UPDATE plan SET result = 'unknown', burnt_at = NULL WHERE operation_id = t.id('b1');
SELECT 'leg_receipts: leg ' || id FROM leg WHERE operation_id = t.id('b1');
