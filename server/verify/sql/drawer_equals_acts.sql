-- The cash of a drawer is what its operations took in and paid out, and each of them booked its own drawer.
SELECT 'desk ' || d.desk_id AS row_, 'its drawer booked ' || d.booked || ', its operations moved ' || d.moved AS explanation
  FROM (SELECT k.id AS desk_id, coalesce((
                   SELECT -sum(e.amount_minor) FROM account a JOIN entry e ON e.account_id = a.id JOIN transfer t ON t.id = e.transfer_id
                    WHERE a.desk_id = k.id AND a.kind = 'cash' AND t.kind NOT IN ('opening', 'correction')), 0) AS booked,
               coalesce((SELECT sum(CASE WHEN o.kind = 'recharge' AND l.state <> 'X' THEN x.cash
                                         WHEN o.kind = 'withdraw' AND l.state = 'C' THEN -x.cash ELSE 0 END)
                   FROM operation o JOIN leg l ON l.operation_id = o.id
                  CROSS JOIN LATERAL (SELECT CASE l.purse WHEN 'times' THEN l.price_minor
                                                  ELSE l.amount_minor - l.spent_from_transit_minor END AS cash) x
                  WHERE o.desk_id = k.id), 0) AS moved FROM desk k) d
 WHERE d.booked <> d.moved
