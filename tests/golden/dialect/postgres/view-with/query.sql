WITH x AS (
         SELECT item.id
           FROM shop.item
        )
 SELECT x.id
   FROM x;
--
WITH x AS (
         SELECT item.id
           FROM shop.item
        )
 SELECT id
   FROM x;
