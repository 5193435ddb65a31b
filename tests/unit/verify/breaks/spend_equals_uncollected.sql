-- More to be collected than was spent.
SELECT t.move(t.site('safe'), t.person('two', 'uncollected'), 1, 'correction', NULL, NULL);
SELECT 'spend_equals_uncollected: person ' || t.id('two');
