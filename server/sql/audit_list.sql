SELECT items, next_key FROM fn_audit_list($1, $2, $3, $4, $5, $6, $7, $8)
