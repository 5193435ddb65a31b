SELECT outcome, body, extra, version FROM fn_operator_read($1)
