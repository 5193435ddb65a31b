-- Cash that no act explains.
SELECT t.move((SELECT id FROM account WHERE desk_id = t.id('desk a')), t.site('safe'), 1, 'debt_paid', 'w1', t.leg('w1', 'water'));
SELECT 'drawer_equals_acts: desk ' || t.id('desk a');
