SELECT json_value, json, "user", "end", "position", "left" FROM shop.item
