-- R8: proof is set once. Here a repeated report is booked again.
SELECT mutate('fn_plan_report', 'IF v_plan.reported_at IS NOT NULL AND NOT (', 'IF false AND NOT (');
SELECT mutate('fn_plan_leg_written', $t$ELSIF v_state = 'open' THEN$t$, $t$ELSIF v_state IN ('open', 'proven') THEN$t$);
SELECT mutate('fn_epoch_prove', $t$epoch_no = p_epoch_no AND state = 'open';
    IF NOT FOUND OR NOT fn_epoch_follows(v_epoch) THEN$t$, $t$epoch_no = p_epoch_no;
    IF NOT FOUND THEN$t$);
SELECT mutate('fn_leg_prove', $t$ WHERE id = p_leg_id AND state = 'P'$t$, ' WHERE id = p_leg_id');
