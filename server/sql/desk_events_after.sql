SELECT no, kind, body FROM fn_desk_events($1, $2, $3, $4)
