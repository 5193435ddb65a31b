-- R9: one key, one operation. Here the answer to a key is never found again.
SELECT mutate('fn_key_answer', 'key = p_key', 'false');
SELECT mutate('fn_key_answer', 'WHERE id = p_key AND', 'WHERE false AND');
