-- R2: the plan row is committed before the card is touched. Here the agent gets the plan and no row stays.
SELECT mutate('fn_plan_insert', 'RETURN v_plan;', 'DELETE FROM plan WHERE id = v_plan.id; RETURN v_plan;');
