query
SELECT item.id
   FROM shop.item
 FOR UPDATE OF item;