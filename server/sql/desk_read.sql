SELECT * FROM fn_desk_read($1)
