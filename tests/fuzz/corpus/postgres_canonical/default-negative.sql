default integer
'-1'::integer