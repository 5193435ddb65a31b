-- A balance that its entries do not make; so the total is not zero either.
UPDATE account SET balance_minor = balance_minor + 5 WHERE id = t.person('one', 'deposit');
SELECT 'account_balance: account ' || t.person('one', 'deposit') UNION ALL SELECT 'unit_sums_to_zero: unit money';
