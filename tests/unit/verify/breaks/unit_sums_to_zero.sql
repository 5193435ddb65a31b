-- A count from nowhere; the account it lies on is named too.
UPDATE account SET balance_minor = balance_minor + 7 WHERE id = t.person('one', 'uncollected_times');
SELECT 'unit_sums_to_zero: unit count' UNION ALL SELECT 'account_balance: account ' || t.person('one', 'uncollected_times');
