SELECT fn_operator_id($1)
