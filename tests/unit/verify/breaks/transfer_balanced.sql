-- A unit more arrives than was sent; so the total is not zero either.
SELECT t.post('opening', ARRAY[t.site('safe'), -100], ARRAY[t.site('bank'), 101]);
SELECT 'transfer_balanced: transfer ' || max(id) FROM transfer UNION ALL SELECT 'unit_sums_to_zero: unit money';
