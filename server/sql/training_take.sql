SELECT fn_training_take($1)
