-- An entry that does not begin where the one before it ended.
SELECT t.post('opening', ARRAY[t.site('safe'), -100, NULL, NULL], ARRAY[t.person('one', 'deposit'), 100, 1, 5]);
UPDATE account SET balance_minor = 100, version = 1 WHERE id = t.person('one', 'deposit');
SELECT 'account_chain: account ' || t.person('one', 'deposit') || ' version 1';
