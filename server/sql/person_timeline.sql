SELECT * FROM fn_person_timeline($1, $2::integer, $3)
