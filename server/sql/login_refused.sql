SELECT fn_login_refused($1, $2, $3, $4)
