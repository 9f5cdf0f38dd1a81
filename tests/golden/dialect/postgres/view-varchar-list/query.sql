SELECT item.id,
    lower((item.name)::text) AS lower,
    upper((item.name)::text) AS upper
   FROM shop.item
  WHERE ((item.vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]));
--
SELECT item.id,
    lower((item.name)::text) AS lower,
    upper((item.name)::text) AS upper
   FROM shop.item
  WHERE ((item.vc)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]));
--
SELECT id,
    lower((name)::text) AS lower,
    upper((name)::text) AS upper
   FROM shop.item
  WHERE ((vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]));
--
SELECT id,
    lower((name)::text) AS lower,
    upper((name)::text) AS upper
   FROM shop.item
  WHERE ((vc)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]));
