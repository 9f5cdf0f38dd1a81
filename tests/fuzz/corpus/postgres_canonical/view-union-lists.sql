query
SELECT item.id
   FROM shop.item
  WHERE ((item.vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))
UNION ALL
 SELECT part.id
   FROM shop.part
  WHERE ((part.kind)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]));