-- A leg that took more than its amount, and gave it back later.
SELECT t.move(t.site('safe'), t.person('one', 'in_transit'), 50, 'prepare', 'w1', t.leg('w1', 'water'));
SELECT t.move(t.person('one', 'in_transit'), t.site('safe'), 50, 'correction', 'w1', t.leg('w1', 'water'));
SELECT 'leg_prepared: leg ' || t.leg('w1', 'water');
