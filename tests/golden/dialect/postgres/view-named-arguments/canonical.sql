SELECT id, shop.twice(i1) AS t, shop.named(i1, b => 'x'::text) AS n FROM shop.item
