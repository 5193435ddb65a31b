SELECT * FROM fn_site_password($1, $2, $3)
