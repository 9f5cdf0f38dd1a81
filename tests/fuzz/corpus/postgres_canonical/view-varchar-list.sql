query
SELECT item.id,
    lower((item.name)::text) AS lower,
    upper((item.name)::text) AS upper
   FROM shop.item
  WHERE ((item.vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]));