SELECT * FROM fn_session_lock($1, $2, $3)
