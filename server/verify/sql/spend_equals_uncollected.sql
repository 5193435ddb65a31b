-- What fell in the proven epochs of a person's cards (T - L) was booked to uncollected, per unit.
SELECT 'person ' || u.person_id AS row_, coalesce(s.fallen, 0) || ' fell in the proven epochs, ' || u.booked || ' was booked to ' || u.kind
       AS explanation
  FROM (SELECT a.person_id, a.kind, coalesce(sum(e.amount_minor) FILTER (WHERE t.kind IN ('spend', 'correction')), 0) AS booked
          FROM account a LEFT JOIN entry e ON e.account_id = a.id LEFT JOIN transfer t ON t.id = e.transfer_id
         WHERE a.kind IN ('uncollected', 'uncollected_times') GROUP BY a.person_id, a.kind) u
  LEFT JOIN (SELECT coalesce(o.person_id, k.person_id) AS person_id,
                    CASE e.purse WHEN 'times' THEN 'uncollected_times' ELSE 'uncollected' END AS kind,
                    sum(e.opening_minor - e.lowest_minor) AS fallen
               FROM epoch e LEFT JOIN leg l ON l.id = e.leg_id LEFT JOIN fence f ON f.id = e.fence_id
               LEFT JOIN operation o ON o.id = coalesce(l.operation_id, f.operation_id)
               LEFT JOIN LATERAL (SELECT c.person_id FROM card c WHERE o.id IS NULL AND c.uid = e.uid AND c.created_at <= f.created_at
                                   ORDER BY c.created_at DESC LIMIT 1) k ON true
              WHERE e.state = 'proven' GROUP BY 1, 2) s ON s.person_id = u.person_id AND s.kind = u.kind
 WHERE u.booked <> coalesce(s.fallen, 0)
