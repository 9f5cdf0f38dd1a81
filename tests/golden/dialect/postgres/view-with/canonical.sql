WITH x AS (SELECT item.id FROM shop.item) SELECT id FROM x
