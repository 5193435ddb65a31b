SELECT outcome, body FROM fn_person_photo_set($1, $2, $3, $4, $5, $6)
