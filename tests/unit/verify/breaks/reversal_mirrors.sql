-- An undo of something else.
UPDATE operation SET reverses = t.id('first x') WHERE id = t.id('w1');
SELECT 'reversal_mirrors: operation ' || t.id('w1');
