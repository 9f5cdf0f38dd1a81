name::text = ANY (ARRAY['a', 'b', 'c']::text[])
