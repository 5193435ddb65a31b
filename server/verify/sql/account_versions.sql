-- The entries of a person account are numbered 1, 2, 3 … up to its version: none was taken away.
SELECT 'account ' || a.id AS row_, a.kind || ' is at version ' || a.version || ' and has ' || count(e.account_version)
       || ' entries numbered ' || coalesce(min(e.account_version) || ' to ' || max(e.account_version), 'never') AS explanation
  FROM account a LEFT JOIN entry e ON e.account_id = a.id AND e.account_version IS NOT NULL
 WHERE a.balance_minor IS NOT NULL
 GROUP BY a.id, a.kind, a.version
HAVING count(e.account_version) <> a.version OR count(DISTINCT e.account_version) <> a.version
    OR a.version > 0 AND (min(e.account_version) <> 1 OR max(e.account_version) <> a.version)
