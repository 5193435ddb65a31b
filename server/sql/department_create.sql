SELECT * FROM fn_department_create($1, $2, $3, $4, $5)
