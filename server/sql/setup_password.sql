SELECT outcome, body FROM fn_setup_password($1, $2, $3, $4, $5, $6, $7)
