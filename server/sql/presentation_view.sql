SELECT outcome, body FROM fn_presentation_view($1, $2, $3)
