-- A leg is void by receipts only if every plan ever handed out for it is burnt.
SELECT 'leg ' || l.id AS row_, 'is void by receipts, but plan ' || p.id || ' is not burnt' AS explanation
  FROM leg l JOIN plan p ON p.operation_id = l.operation_id AND p.kind = 'operation'
 WHERE l.decided_by = 'burnt' AND p.burnt_at IS NULL
