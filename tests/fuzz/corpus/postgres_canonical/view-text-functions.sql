query
SELECT "substring"((item.name)::text, 2, 3) AS a,
    "substring"((item.name)::text, 2) AS b,
    btrim((item.name)::text) AS c,
    "position"((item.name)::text, 'a'::text) AS d,
    "overlay"((item.name)::text, 'x'::text, 1) AS e
   FROM shop.item;