SELECT 'done' AS outcome, fn_department_body(d.id)::text AS body, NULL AS extra, d.version FROM department d WHERE d.id = $1
