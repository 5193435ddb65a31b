-- While a case is open its card gives no service.
SELECT 'case ' || k.id AS row_, 'is open, but card ' || c.id || ' is not locked' AS explanation
  FROM card_case k JOIN card c ON c.id = k.card_id
 WHERE k.closed_at IS NULL AND c.block IS DISTINCT FROM 'case'
