query
SELECT timezone('utc'::text, item.ts) AS u,
    timezone('utc'::text, item.tz) AS v
   FROM shop.item;