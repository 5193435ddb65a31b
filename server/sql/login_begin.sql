SELECT outcome, retry_after_s, operator_id, password_hash, name, full_name FROM fn_login_begin($1, $2, $3)
