SELECT id, (SELECT max(part.qty) FROM shop.part WHERE part.item_id = item.id) AS m FROM shop.item
