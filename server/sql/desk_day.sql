SELECT * FROM fn_desk_day($1, $2::date)
