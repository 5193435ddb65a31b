-- R17: a plan is burnt only by the run that was given it. Here any run of the agent may.
SELECT mutate('fn_plan_report', $t$WHEN v_plan.run <> p_run THEN 'agent_replaced' $t$, '');
