-- A proven recharge pays exactly the debt that was shown when it was prepared.
SELECT 'leg ' || l.id AS row_, 'paid ' || coalesce(p.paid, 0) || ' of debt instead of ' || x.due AS explanation
  FROM leg l
  LEFT JOIN (SELECT t.leg_id, sum(e.amount_minor) AS paid
               FROM account a JOIN entry e ON e.account_id = a.id JOIN transfer t ON t.id = e.transfer_id
              WHERE a.kind = 'debt' GROUP BY t.leg_id) p ON p.leg_id = l.id
 CROSS JOIN LATERAL (SELECT CASE l.state WHEN 'C' THEN l.debt_minor ELSE 0 END AS due) x
 WHERE coalesce(p.paid, 0) <> x.due
