SELECT outcome, body, extra, status, wake FROM fn_operation_unissue($1, $2::jsonb)
