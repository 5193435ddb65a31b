SELECT * FROM fn_desk_change($1, $2, $3, $4, $5)
