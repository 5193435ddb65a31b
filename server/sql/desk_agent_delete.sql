SELECT * FROM fn_desk_agent_delete($1, $2, $3)
