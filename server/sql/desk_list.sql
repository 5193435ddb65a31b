SELECT * FROM fn_desk_list()
