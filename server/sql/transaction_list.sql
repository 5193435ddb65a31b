SELECT t.outcome, t.body, t.extra, t.next_key, s.currency_exponent
  FROM site s, fn_transaction_list($1, $2::integer, $3, $4) t
