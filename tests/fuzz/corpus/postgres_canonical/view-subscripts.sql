query
SELECT s.a[1] AS x,
    s.a[1:2] AS y
   FROM ( SELECT item.arr AS a
           FROM shop.item) s;