-- R1: money waits in in_transit until it is proven. Here a recharge is credited at once.
SELECT mutate('fn_leg_book', $t$    ELSIF p_operation.kind = 'recharge' THEN
        PERFORM fn_transfer(fn_account_drawer(p_operation.desk_id), v_transit, p_leg.amount_minor$t$,
    $t$    ELSIF p_operation.kind = 'recharge' THEN
        PERFORM fn_transfer(fn_account_drawer(p_operation.desk_id), fn_account_person(p_operation.person_id,
            CASE p_leg.purse WHEN 'water' THEN 'water' ELSE 'stored' END), p_leg.amount_minor$t$);
SELECT mutate('fn_leg_prove', $t$v_leg.amount_minor - v_leg.debt_minor, 'prove'$t$, $t$0, 'prove'$t$);
