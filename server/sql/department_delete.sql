SELECT * FROM fn_department_delete($1, $2, $3, $4)
