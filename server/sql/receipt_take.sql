SELECT fn_receipt_take($1)
