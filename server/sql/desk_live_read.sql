SELECT outcome, body FROM fn_desk_live($1, $2)
