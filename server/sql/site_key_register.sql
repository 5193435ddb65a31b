SELECT fn_site_key_register($1::smallint, $2)
