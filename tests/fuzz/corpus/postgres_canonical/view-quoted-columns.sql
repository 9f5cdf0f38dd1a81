query
SELECT item.json_value,
    item.json,
    item."user",
    item."end",
    item."position",
    item."left"
   FROM shop.item;