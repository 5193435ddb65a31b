-- Money of a decided leg stays under way.
SELECT t.move(t.site('safe'), t.person('one', 'in_transit'), 10, 'correction', 'w1', t.leg('w1', 'water'));
SELECT 'leg_in_transit: leg ' || t.leg('w1', 'water');
