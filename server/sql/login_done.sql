SELECT outcome, body FROM fn_login_done($1, $2, $3, $4, $5, $6, $7, $8, $9)
