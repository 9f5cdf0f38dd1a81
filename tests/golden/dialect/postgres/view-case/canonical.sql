SELECT CASE WHEN vc::text = ANY (ARRAY['a', 'b']::text[]) THEN name ELSE NULL::character varying END AS x FROM shop.item i
