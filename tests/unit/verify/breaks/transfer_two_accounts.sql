-- From an account to itself.
SELECT t.post('opening', ARRAY[t.site('safe'), -100], ARRAY[t.site('safe'), 100]);
SELECT 'transfer_two_accounts: transfer ' || max(id) FROM transfer;
