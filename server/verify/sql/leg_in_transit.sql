-- in_transit of a decided leg is zero again; of a pending one it is what the leg moved, less what a drop took out of it.
SELECT 'leg ' || l.id AS row_, 'is ' || l.state || ' and has ' || coalesce(h.money, 0) || ' of money and ' || coalesce(h.count, 0)
       || ' times in transit instead of '
       || x.money || ' and ' || x.count AS explanation
  FROM leg l
  LEFT JOIN (SELECT t.leg_id, sum(e.amount_minor) FILTER (WHERE a.kind = 'in_transit') AS money,
                    sum(e.amount_minor) FILTER (WHERE a.kind = 'in_transit_times') AS count
               FROM transfer t JOIN entry e ON e.transfer_id = t.id JOIN account a ON a.id = e.account_id
              GROUP BY t.leg_id) h ON h.leg_id = l.id
 CROSS JOIN LATERAL (SELECT CASE WHEN l.state <> 'P' THEN 0 WHEN l.purse = 'times' THEN l.price_minor
                                 ELSE l.amount_minor - l.spent_from_transit_minor END AS money,
                            CASE WHEN l.state = 'P' AND l.purse = 'times' THEN l.amount_minor - l.spent_from_transit_minor
                                 ELSE 0 END AS count) x
 WHERE (coalesce(h.money, 0), coalesce(h.count, 0)) <> (x.money, x.count)
