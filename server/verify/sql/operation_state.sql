-- completed: no leg pending, at least one proven; aborted: all void; otherwise at least one is pending.
SELECT 'operation ' || o.id AS row_, 'is ' || o.state || ' with legs ' || coalesce(l.states, 'none') AS explanation
  FROM operation o
  LEFT JOIN (SELECT operation_id, string_agg(state, '' ORDER BY state) AS states FROM leg GROUP BY operation_id) l ON l.operation_id = o.id
 WHERE o.state IS DISTINCT FROM CASE WHEN l.states LIKE '%P%' AND o.state IN ('prepared', 'writing', 'in_doubt') THEN o.state
           WHEN l.states LIKE '%P%' THEN NULL WHEN l.states LIKE '%C%' THEN 'completed' WHEN l.states LIKE '%X%' THEN 'aborted' END
    OR (o.finished_at IS NULL) <> (o.state IN ('prepared', 'writing', 'in_doubt'))
