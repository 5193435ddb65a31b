SELECT outcome, content, content_type, version FROM fn_person_photo_read($1, $2)
