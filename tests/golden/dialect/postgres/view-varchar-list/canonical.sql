SELECT id, lower(name::text) AS lower, upper(name::text) AS upper FROM shop.item WHERE vc::text = ANY (ARRAY['a', 'b']::text[])
