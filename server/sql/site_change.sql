SELECT * FROM fn_site_change($1, $2, $3, $4)
