SELECT 'done' AS outcome, fn_case_body(k.id)::text AS body FROM card_case k WHERE k.id = $1
