-- The balance of a person account is the sum of its entries.
SELECT 'account ' || a.id AS row_,
       a.kind || ' says ' || a.balance_minor || ', its entries sum to ' || coalesce(sum(e.amount_minor), 0) AS explanation
  FROM account a LEFT JOIN entry e ON e.account_id = a.id
 WHERE a.balance_minor IS NOT NULL
 GROUP BY a.id, a.kind, a.balance_minor HAVING a.balance_minor <> coalesce(sum(e.amount_minor), 0)
