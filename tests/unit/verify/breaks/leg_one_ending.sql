-- A proven leg with a void in the books.
SELECT t.move(t.site('safe'), t.site('bank'), 1, 'void', 'w1', t.leg('w1', 'water'));
SELECT 'leg_one_ending: leg ' || t.leg('w1', 'water');
