-- R22: one leg, one evidence. Here the report of one leg proves both.
SELECT mutate('fn_plan_written', $t$WHERE r ->> 0 = l ->> 'leg' AND (r ->> 1)::bigint = (l ->> 'epoch_no')::bigint)$t$, ')');
