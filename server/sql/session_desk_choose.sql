SELECT outcome, body, extra FROM fn_session_desk($1, $2, $3, $4, $5)
