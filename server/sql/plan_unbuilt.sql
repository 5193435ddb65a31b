SELECT outcome, body, wake FROM fn_plan_unbuilt($1, $2, $3, $4)
