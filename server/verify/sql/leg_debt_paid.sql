-- A proven recharge pays exactly the debt that was shown when it was prepared.
SELECT 'leg ' || l.id AS row_, 'paid ' || p.paid || ' of debt instead of ' || x.due AS explanation
  FROM leg l
 CROSS JOIN LATERAL (SELECT coalesce(sum(e.amount_minor), 0) AS paid
                       FROM transfer t JOIN entry e ON e.transfer_id = t.id JOIN account a ON a.id = e.account_id
                      WHERE t.leg_id = l.id AND a.kind = 'debt') p
 CROSS JOIN LATERAL (SELECT CASE l.state WHEN 'C' THEN l.debt_minor ELSE 0 END AS due) x
 WHERE p.paid <> x.due
