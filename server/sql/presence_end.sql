SELECT outcome, body, wake FROM fn_removed($1, $2, $3)
