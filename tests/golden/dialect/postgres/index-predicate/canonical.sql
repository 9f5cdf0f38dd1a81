vc::text = ANY (ARRAY['a', 'b']::text[])
