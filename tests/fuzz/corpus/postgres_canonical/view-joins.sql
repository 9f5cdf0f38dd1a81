query
SELECT i.id
   FROM ((shop.item i
     JOIN shop.part p ON ((i.id = p.id)))
     JOIN shop.json j ON ((j.id = i.id)));