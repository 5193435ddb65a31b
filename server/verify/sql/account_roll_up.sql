-- A roll-up is the sum of the entries it says it contains.
SELECT 'account ' || r.account_id AS row_, 'rolled up ' || r.balance_minor || ' through transfer ' || r.through_transfer_id
       || ', its entries sum to ' || coalesce(sum(e.amount_minor), 0) AS explanation
  FROM account_roll_up r LEFT JOIN entry e ON e.account_id = r.account_id AND e.transfer_id <= r.through_transfer_id
 GROUP BY r.account_id, r.balance_minor, r.through_transfer_id HAVING r.balance_minor <> coalesce(sum(e.amount_minor), 0)
