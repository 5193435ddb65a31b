SELECT * FROM fn_card_change($1, $2, $3, $4, $5)
