SELECT * FROM fn_person_create($1, $2, $3, $4, $5, $6, $7)
