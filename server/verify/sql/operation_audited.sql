-- No act without its line in the audit trail, by the operator who did it.
SELECT 'operation ' || o.id AS row_, 'has no line in the audit trail' AS explanation
  FROM operation o WHERE NOT EXISTS (
      SELECT FROM audit a WHERE a.subject_kind = 'operation' AND a.subject_id = o.id::text AND a.operator_id = o.operator_id
         AND a.action = CASE o.kind WHEN 'issue' THEN 'card.issue' WHEN 'unissue' THEN 'card.unissue' ELSE 'operation.prepare' END)
