SELECT outcome, body FROM fn_session_read($1)
