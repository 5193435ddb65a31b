-- Money turns into times; so neither total is zero.
SELECT t.post('opening', ARRAY[t.site('safe'), -100], ARRAY[t.site('times_issued'), 100]);
SELECT 'transfer_one_unit: transfer ' || max(id) FROM transfer UNION ALL SELECT 'unit_sums_to_zero: unit ' || w FROM unnest(ARRAY['money', 'count']) w;
