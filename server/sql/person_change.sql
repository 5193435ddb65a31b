SELECT * FROM fn_person_change($1, $2, $3, $4, $5)
