SELECT outcome, body FROM fn_setup_state()
