query
SELECT item.id
   FROM shop.item
  WHERE (NOT (EXISTS ( SELECT 1
           FROM shop.part
          WHERE ((part.item_id = item.id) AND (part.qty = ANY (ARRAY[1, 2]))))));