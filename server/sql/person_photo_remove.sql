SELECT outcome, body FROM fn_person_photo_remove($1, $2, $3)
