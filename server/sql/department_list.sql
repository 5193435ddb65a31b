SELECT * FROM fn_department_list()
