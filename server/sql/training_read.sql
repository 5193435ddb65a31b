SELECT * FROM fn_training_read($1, $2)
