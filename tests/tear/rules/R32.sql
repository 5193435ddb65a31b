-- R32: a chip that was given up is blocked for ever. Here it may be issued again.
SELECT mutate('fn_issue_check', $t$AND state = 'scrapped') THEN$t$, $t$AND state = 'none') THEN$t$);
