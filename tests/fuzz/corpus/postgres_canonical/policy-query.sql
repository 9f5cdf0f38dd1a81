expression
(id IN ( SELECT part.item_id
   FROM shop.part
  WHERE ((part.kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))))