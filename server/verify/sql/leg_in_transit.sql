-- in_transit of a decided leg is zero again; of a pending one it is what the leg moved, less what a drop took out of it.
SELECT 'leg ' || l.id AS row_, 'is ' || l.state || ' and has ' || h.money || ' of money and ' || h.count || ' times in transit instead of '
       || x.money || ' and ' || x.count AS explanation
  FROM leg l
 CROSS JOIN LATERAL (SELECT coalesce(sum(e.amount_minor) FILTER (WHERE a.kind = 'in_transit'), 0) AS money,
                            coalesce(sum(e.amount_minor) FILTER (WHERE a.kind = 'in_transit_times'), 0) AS count
                       FROM transfer t JOIN entry e ON e.transfer_id = t.id JOIN account a ON a.id = e.account_id
                      WHERE t.leg_id = l.id) h
 CROSS JOIN LATERAL (SELECT CASE WHEN l.state <> 'P' THEN 0 WHEN l.purse = 'times' THEN l.price_minor
                                 ELSE l.amount_minor - l.spent_from_transit_minor END AS money,
                            CASE WHEN l.state = 'P' AND l.purse = 'times' THEN l.amount_minor - l.spent_from_transit_minor
                                 ELSE 0 END AS count) x
 WHERE (h.money, h.count) <> (x.money, x.count)
