SELECT * FROM fn_pairing_create($1, $2, $3, $4, $5, $6)
