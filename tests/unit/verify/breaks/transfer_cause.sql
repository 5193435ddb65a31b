-- A drop that names no chip.
SELECT t.post('spend', ARRAY[t.site('safe'), -100], ARRAY[t.site('bank'), 100]);
SELECT 'transfer_cause: transfer ' || max(id) FROM transfer;
