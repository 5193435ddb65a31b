-- All balances of a unit, kept or summed, make zero: nothing came from nowhere.
SELECT 'unit ' || b.unit AS row_, 'all balances sum to ' || sum(b.balance_minor) || ' instead of 0' AS explanation
  FROM (SELECT a.unit, coalesce(a.balance_minor, (SELECT sum(e.amount_minor) FROM entry e WHERE e.account_id = a.id), 0)
               AS balance_minor FROM account a) b
 GROUP BY b.unit HAVING sum(b.balance_minor) <> 0
