SELECT outcome, body, extra, status, wake FROM fn_operation_reverse($1, $2::jsonb)
