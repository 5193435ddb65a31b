-- Preparing a leg moves its amount into in_transit, once: money, or money and a count for times.
SELECT 'leg ' || l.id AS row_, 'prepared ' || coalesce(p.money, 0) || ' of money and ' || coalesce(p.count, 0) || ' times instead of '
       || x.money || ' and ' || x.count AS explanation
  FROM leg l JOIN operation o ON o.id = l.operation_id
 CROSS JOIN LATERAL (SELECT CASE WHEN l.purse = 'times' THEN l.price_minor ELSE l.amount_minor END AS money,
                            CASE WHEN l.purse = 'times' THEN l.amount_minor ELSE 0 END AS count) x
  LEFT JOIN (SELECT t.leg_id, sum(e.amount_minor) FILTER (WHERE a.kind = 'in_transit') AS money,
                    sum(e.amount_minor) FILTER (WHERE a.kind = 'in_transit_times') AS count
               FROM transfer t JOIN entry e ON e.transfer_id = t.id JOIN account a ON a.id = e.account_id
              WHERE t.kind = 'prepare' GROUP BY t.leg_id) p ON p.leg_id = l.id
 WHERE o.kind <> 'issue' AND (coalesce(p.money, 0), coalesce(p.count, 0)) <> (x.money, x.count)
