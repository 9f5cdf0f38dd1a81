SELECT item.id
   FROM shop.item
 FOR UPDATE OF item;
--
SELECT id
   FROM shop.item
 FOR UPDATE OF item;
