-- The kept first answer to an act is the answer to that act, to the operator who asked.
SELECT 'key ' || i.key AS row_, 'the answer kept for it does not fit its operation' AS explanation
  FROM idempotency i LEFT JOIN operation o ON o.id = i.key
 WHERE (o.id IS NOT NULL OR i.response ? 'legs')
   AND (o.id IS NULL OR o.operator_id <> i.principal OR i.response ->> 'id' IS DISTINCT FROM o.id::text
        OR i.response ->> 'kind' IS DISTINCT FROM o.kind OR i.response -> 'card' ->> 'id' IS DISTINCT FROM o.card_id::text
        OR (SELECT jsonb_object_agg(l.id, l.amount_minor) FROM leg l WHERE l.operation_id = o.id)
            IS DISTINCT FROM (SELECT jsonb_object_agg(l ->> 'id', l -> 'amount_minor') FROM jsonb_array_elements(i.response -> 'legs') l))
