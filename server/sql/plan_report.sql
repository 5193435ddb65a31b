SELECT outcome, body, NULL AS extra, wake FROM fn_plan_report($1, $2, $3, $4::jsonb)
