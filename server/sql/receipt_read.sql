SELECT * FROM fn_receipt_read($1, $2, $3)
