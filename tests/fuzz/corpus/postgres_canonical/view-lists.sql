query
SELECT i.id
   FROM shop.item i
  WHERE (((i.name)::text = ANY (ARRAY['a'::text, 'b'::text])) AND ((i.vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])));