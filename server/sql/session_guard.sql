-- Who is asking and whether they may ($2: permission word); notes that the session was used.
SELECT s.outcome, s.operator_id, s.session_id, s.desk_id, fn_session_touch($1)
  FROM fn_session($1, $2::text, $2::text = 'session.locked') s
