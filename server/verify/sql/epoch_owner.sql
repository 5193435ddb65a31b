-- Every epoch belongs to one leg or one fence of that chip and purse.
SELECT 'chip ' || encode(e.uid, 'hex') || ' ' || e.purse || ' epoch ' || e.epoch_no AS row_,
       'does not belong to exactly one leg or fence of this chip and purse' AS explanation
  FROM epoch e LEFT JOIN leg l ON l.id = e.leg_id LEFT JOIN operation o ON o.id = l.operation_id LEFT JOIN fence f ON f.id = e.fence_id
 WHERE (l.id IS NULL) = (f.id IS NULL) OR coalesce(o.uid, f.uid) <> e.uid OR l.purse <> e.purse
