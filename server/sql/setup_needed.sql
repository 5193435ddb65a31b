SELECT fn_setup_needed()
