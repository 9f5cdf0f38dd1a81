SELECT id FROM shop.item i WHERE (name::text = ANY (ARRAY['a', 'b']::text[])) AND (vc::text = ANY (ARRAY['a', 'b']::text[]))
