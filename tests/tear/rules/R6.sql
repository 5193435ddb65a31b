-- R6: a failure report proves nothing. Here "unknown" counts as burnt.
SELECT mutate('fn_plan_report', $t$burnt_at = CASE p_report ->> 'result' WHEN 'burnt' THEN$t$,
    $t$burnt_at = CASE WHEN p_report ->> 'result' IN ('burnt', 'unknown') THEN$t$);
SELECT mutate('fn_plan_report', $t$WHEN 'unknown' THEN UPDATE operation SET state = 'in_doubt' WHERE id = v_operation_id AND finished_at IS NULL;$t$,
    $t$WHEN 'unknown' THEN PERFORM fn_plan_burnt(v_operation_id);$t$);
