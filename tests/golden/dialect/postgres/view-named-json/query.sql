SELECT json.id,
    json.json,
    json.value
   FROM shop.json;
--
SELECT id,
    json,
    value
   FROM shop.json;
--
SELECT id,
    "json",
    value
   FROM shop."json";
