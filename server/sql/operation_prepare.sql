SELECT outcome, body, extra, status, wake FROM fn_operation_prepare($1, $2::jsonb)
