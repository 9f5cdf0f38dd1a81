SELECT id FROM shop.item FOR update of item
