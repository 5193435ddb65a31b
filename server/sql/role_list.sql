SELECT outcome, body FROM fn_role_list()
