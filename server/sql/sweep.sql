SELECT desk_id FROM fn_sweep()
