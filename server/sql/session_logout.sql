SELECT outcome, body FROM fn_session_logout($1, $2, $3, $4)
