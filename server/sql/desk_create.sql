SELECT * FROM fn_desk_create($1, $2, $3, $4)
