-- Money was moved, and the currency can still be changed.
UPDATE site SET money_sealed_at = NULL;
SELECT 'site_sealed: site';
