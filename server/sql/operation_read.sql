SELECT outcome, body FROM fn_operation_read($1, $2)
