SELECT * FROM fn_agent_hello($1, $2, $3)
