-- Source and target of a transfer are different accounts.
SELECT 'transfer ' || e.transfer_id AS row_, 'source and target are both account ' || min(e.account_id) AS explanation
  FROM entry e GROUP BY e.transfer_id HAVING count(*) = 2 AND count(DISTINCT e.account_id) = 1
