SELECT outcome, body, extra, version FROM fn_operator_roles($1, $2, $3, $4, $5, $6, $7)
