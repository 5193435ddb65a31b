-- A numbered entry on an account that keeps no balance.
SELECT t.post('opening', ARRAY[t.site('safe'), -100, 1, 0], ARRAY[t.site('bank'), 100, NULL, NULL]);
SELECT 'entry_complete: entry of transfer ' || max(id) || ' on account ' || t.site('safe') FROM transfer;
