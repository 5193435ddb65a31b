-- A chip has at most one open operation.
SELECT 'chip ' || encode(o.uid, 'hex') AS row_, count(*) || ' operations are open: ' || string_agg(o.id::text, ', ' ORDER BY o.id) AS explanation
  FROM operation o WHERE o.finished_at IS NULL GROUP BY o.uid HAVING count(*) > 1
