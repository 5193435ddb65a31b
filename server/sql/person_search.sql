SELECT * FROM fn_person_search($1, $2, $3, $4, $5::integer, $6)
