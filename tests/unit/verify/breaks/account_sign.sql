-- A person account below zero.
ALTER TABLE account DROP CONSTRAINT account_check2, DROP CONSTRAINT account_check1, DROP CONSTRAINT account_check;
SELECT t.move(t.person('one', 'deposit'), t.site('safe'), 100, 'opening', NULL, NULL);
SELECT 'account_sign: account ' || t.person('one', 'deposit');
