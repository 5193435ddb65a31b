-- The two entries of a transfer sum to zero.
SELECT 'transfer ' || e.transfer_id AS row_, 'its entries sum to ' || sum(e.amount_minor) || ' instead of 0' AS explanation
  FROM entry e GROUP BY e.transfer_id HAVING count(*) = 2 AND sum(e.amount_minor) <> 0
