SELECT * FROM fn_training_result($1, $2, $3, $4)
