-- R19: no plan after the void: a plan is inserted under the lock, for legs in P. Here it looks neither at the void nor at
-- the legs.
SELECT mutate('fn_plan_new', $t$IF NOT EXISTS (SELECT FROM operation WHERE uid = p_live.uid AND finished_at IS NULL)$t$,
    $t$IF NOT EXISTS (SELECT FROM operation WHERE uid = p_live.uid AND state = 'aborted')$t$);
SELECT mutate('fn_plan_new', $t$SELECT * INTO v_operation FROM operation WHERE uid = p_live.uid AND finished_at IS NULL;$t$,
    $t$SELECT * INTO v_operation FROM operation WHERE uid = p_live.uid AND state <> 'completed' ORDER BY created_at DESC LIMIT 1;$t$);
SELECT mutate('fn_plan_new', 'CASE WHEN v_operation.cancel_requested_at IS NULL AND fn_plan_covered(v_operation) THEN',
    'CASE WHEN fn_plan_covered(v_operation) THEN');
SELECT mutate('fn_plan_money_legs', $t$AND state = 'P' ORDER BY purse$t$, $t$AND state <> 'C' ORDER BY purse$t$);
SELECT mutate('fn_plan_insert', 'handed_at = v_now WHERE id = p_operation.id;',
    'handed_at = v_now WHERE id = p_operation.id AND finished_at IS NULL;');
