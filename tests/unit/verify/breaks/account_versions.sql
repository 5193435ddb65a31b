-- An entry less than the account says.
UPDATE account SET version = version + 1 WHERE id = t.person('one', 'stored');
SELECT 'account_versions: account ' || t.person('one', 'stored');
