SELECT items, next_key FROM fn_operator_list($1, $2, $3, $4)
