-- An undo is the opposite act on the same card with what the first one did to it, and happens once.
SELECT 'operation ' || o.id AS row_, 'is not the opposite of operation ' || f.id || ', or not the only one' AS explanation
  FROM operation o JOIN operation f ON f.id = o.reverses
 WHERE f.state <> 'completed' OR f.card_id <> o.card_id OR (f.kind, o.kind) NOT IN (('recharge', 'withdraw'), ('withdraw', 'recharge'))
    OR o.state <> 'aborted' AND EXISTS (SELECT FROM operation t WHERE t.reverses = f.id AND t.state <> 'aborted' AND t.id <> o.id)
    OR (SELECT coalesce(jsonb_object_agg(l.purse, l.amount_minor), '{}') FROM leg l WHERE l.operation_id = o.id)
        <> (SELECT coalesce(jsonb_object_agg(l.purse, l.amount_minor - l.debt_minor) FILTER (WHERE l.amount_minor > l.debt_minor), '{}')
              FROM leg l WHERE l.operation_id = f.id AND l.state = 'C')
