SELECT a[1] AS x, a[1 : 2] AS y FROM (SELECT item.arr AS a FROM shop.item) s
