SELECT * FROM fn_agent_pair($1, $2, $3, $4, $5, $6)
