SELECT * FROM fn_training_cards($1)
