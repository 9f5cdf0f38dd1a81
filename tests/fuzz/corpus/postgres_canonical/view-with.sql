query
WITH x AS (
         SELECT item.id
           FROM shop.item
        )
 SELECT x.id
   FROM x;