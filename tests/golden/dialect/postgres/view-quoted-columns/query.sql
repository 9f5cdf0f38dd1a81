SELECT item.json_value,
    item.json,
    item."user",
    item."end",
    item."position",
    item."left"
   FROM shop.item;
--
SELECT json_value,
    json,
    "user",
    "end",
    "position",
    "left"
   FROM shop.item;
--
SELECT "json_value",
    "json",
    "user",
    "end",
    "position",
    "left"
   FROM shop.item;
