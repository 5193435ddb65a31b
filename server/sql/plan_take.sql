SELECT outcome, task, body, wake FROM fn_plan_take($1, $2, $3, $4)
