SELECT outcome, body, oldest, newest FROM fn_desk_live($1, $2)
