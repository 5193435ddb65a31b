SELECT * FROM fn_person_read($1, $2)
