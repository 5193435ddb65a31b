-- A roll-up that is not the sum of its entries.
UPDATE account_roll_up SET balance_minor = balance_minor + 1 WHERE account_id = (SELECT min(account_id) FROM account_roll_up);
SELECT 'account_roll_up: account ' || min(account_id) FROM account_roll_up;
