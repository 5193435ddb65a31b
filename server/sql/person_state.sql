SELECT * FROM fn_person_state($1, $2, $3, $4, $5)
