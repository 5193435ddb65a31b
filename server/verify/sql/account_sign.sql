-- No purse is ever negative, and a debt is never a credit.
SELECT 'account ' || a.id AS row_, a.kind || ' stands at ' || a.balance_minor AS explanation
  FROM account a WHERE CASE a.kind WHEN 'debt' THEN a.balance_minor > 0 ELSE a.balance_minor < 0 END
