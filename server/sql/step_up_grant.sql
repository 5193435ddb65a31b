SELECT to_jsonb(fn_step_up_grant($1, $2, $3, $4, $5, $6)) #>> '{}' AS expires_at
