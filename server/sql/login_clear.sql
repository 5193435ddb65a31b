SELECT fn_login_clear($1, $2)
