query
SELECT item.id,
    shop.twice(item.i1) AS t,
    shop.named(item.i1, b => 'x'::text) AS n
   FROM shop.item;