SELECT outcome, body, extra, status, wake FROM fn_operation_issue($1, $2::jsonb)
