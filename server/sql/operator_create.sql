SELECT outcome, body, extra, version FROM fn_operator_create($1, $2, $3, $4, $5, $6, $7, $8, $9)
