SELECT outcome, body, NULL AS extra, 200 AS status, wake FROM fn_operation_cancel($1, $2, $3, $4, $5)
