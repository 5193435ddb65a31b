-- R14: all plans burnt, not one. Here one receipt voids the operation.
SELECT mutate('fn_operation_void_if_burnt', $t$AND kind = 'operation' AND burnt_at IS NULL) THEN$t$,
    $t$AND kind = 'operation') AND NOT EXISTS (SELECT FROM plan WHERE operation_id = p_operation_id AND burnt_at IS NOT NULL) THEN$t$);
