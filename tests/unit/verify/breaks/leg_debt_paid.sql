-- A leg that paid more debt than was shown.
SELECT t.move(t.site('safe'), t.person('three', 'debt'), 10, 'debt_paid', 'first z', t.leg('first z', 'consumption'));
SELECT 'leg_debt_paid: leg ' || t.leg('first z', 'consumption');
