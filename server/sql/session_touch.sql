SELECT fn_session_touch($1)
