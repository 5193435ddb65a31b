-- R38: one epoch, one result. Here a retry takes the epoch it had, whatever the card holds now.
SELECT mutate('fn_plan_leg', $t$AND state = 'open' AND opening_minor = p_terms[1]
       AND opening_stored_minor = p_terms[2]$t$, $t$AND state = 'open'$t$);
