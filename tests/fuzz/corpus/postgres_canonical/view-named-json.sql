query
SELECT json.id,
    json.json,
    json.value
   FROM shop.json;