SELECT outcome, body, body::jsonb ->> 'kind' AS kind, body::jsonb ->> 'name' AS name,
       body::jsonb ->> 'full_name' AS full_name
  FROM fn_setup_link_read($1)
