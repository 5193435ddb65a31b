SELECT * FROM fn_card_read($1, $2)
