-- No plan that writes an operation is made after a void was asked for, nor any for an operation that is over but a refresh.
SELECT 'plan ' || p.id AS row_, 'was made ' || p.handed_at || ', after operation ' || o.id || ' was '
       || CASE WHEN p.handed_at > o.finished_at THEN 'over' ELSE 'to be void' END AS explanation
  FROM plan p JOIN operation o ON o.id = p.operation_id
 WHERE p.kind = 'operation' AND p.handed_at > o.cancel_requested_at OR p.kind <> 'refresh' AND p.handed_at > o.finished_at
