SELECT outcome, body, wake FROM fn_presence($1, $2, $3, $4, $5, $6::smallint)
