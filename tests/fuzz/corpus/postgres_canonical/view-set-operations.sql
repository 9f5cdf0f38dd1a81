query
SELECT item.id
   FROM shop.item
EXCEPT (
         SELECT part.id
           FROM shop.part
        INTERSECT
         SELECT json.id
           FROM shop.json
);