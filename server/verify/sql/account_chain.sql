-- Each entry of a person account begins with the balance at which the one before it ended.
SELECT 'account ' || c.account_id || ' version ' || c.account_version AS row_, 'begins at ' || c.balance_before_minor || ', adds '
       || c.amount_minor || ', ends at ' || c.balance_after_minor || '; before it stood at ' || c.previous_minor AS explanation
  FROM (SELECT e.*, coalesce(lag(e.balance_after_minor) OVER (PARTITION BY e.account_id ORDER BY e.account_version), 0)
               AS previous_minor FROM entry e WHERE e.account_version IS NOT NULL) c
 WHERE c.balance_before_minor <> c.previous_minor OR c.balance_after_minor <> c.balance_before_minor + c.amount_minor
