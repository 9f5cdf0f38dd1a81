SELECT id, json, value FROM shop.json
