SELECT * FROM fn_site_read()
