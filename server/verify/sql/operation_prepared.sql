-- prepared means that nothing can be on the card: no plan is out that is not burnt.
SELECT 'operation ' || o.id AS row_, 'is prepared, but plan ' || p.id || ' is out' AS explanation
  FROM operation o JOIN plan p ON p.operation_id = o.id AND p.kind = 'operation' AND p.burnt_at IS NULL WHERE o.state = 'prepared'
