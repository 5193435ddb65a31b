SELECT fn_setup_link_make($1, $2)
