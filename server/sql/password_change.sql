SELECT outcome, body FROM fn_password_change($1, $2, $3, $4, $5, $6)
