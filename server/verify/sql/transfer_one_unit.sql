-- Money and counts never mix.
SELECT 'transfer ' || e.transfer_id AS row_, 'moves from money to a count or back' AS explanation
  FROM entry e JOIN account a ON a.id = e.account_id GROUP BY e.transfer_id HAVING count(DISTINCT a.unit) > 1
