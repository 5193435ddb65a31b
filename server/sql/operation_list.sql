SELECT * FROM fn_operation_list($1, $2::integer, $3)
