SELECT * FROM fn_receipt_done($1, $2, $3, $4)
