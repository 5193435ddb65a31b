SELECT * FROM fn_case_close($1, $2, $3, $4)
