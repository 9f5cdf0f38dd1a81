query
SELECT item.id,
    ( SELECT max(part.qty) AS max
           FROM shop.part
          WHERE (part.item_id = item.id)) AS m
   FROM shop.item;