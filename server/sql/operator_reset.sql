SELECT outcome, to_jsonb(expires_at) #>> '{}' AS expires_at FROM fn_operator_reset($1, $2, $3, $4)
