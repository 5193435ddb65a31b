-- A plan is reported and burnt exactly when its result says so.
SELECT 'plan ' || p.id AS row_, 'result ' || coalesce(p.result, 'none') || ', reported ' || coalesce(p.reported_at::text, 'never')
       || ', burnt ' || coalesce(p.burnt_at::text, 'never') AS explanation
  FROM plan p WHERE (p.result IS NULL) <> (p.reported_at IS NULL) OR (p.result IS NOT DISTINCT FROM 'burnt') <> (p.burnt_at IS NOT NULL)
