SELECT outcome, body, wake FROM fn_presentation($1, $2, $3::jsonb)
