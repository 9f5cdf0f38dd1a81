query
SELECT item.id
   FROM shop.item
  WHERE (item.id IN ( SELECT p.item_id
           FROM shop.part p
          WHERE (p.id IN ( SELECT json.id
                   FROM shop.json
                  WHERE (json.id = p.qty)))));