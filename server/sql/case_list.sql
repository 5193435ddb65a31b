SELECT * FROM fn_case_list($1, $2, $3::integer, $4)
