SELECT * FROM fn_training_create($1, $2, $3, $4, $5)
