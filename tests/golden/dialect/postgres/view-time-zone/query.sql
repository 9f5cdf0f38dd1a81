SELECT timezone('utc'::text, item.ts) AS u,
    timezone('utc'::text, item.tz) AS v
   FROM shop.item;
--
SELECT (item.ts AT TIME ZONE 'utc'::text) AS u,
    timezone('utc'::text, item.tz) AS v
   FROM shop.item;
--
SELECT (ts AT TIME ZONE 'utc'::text) AS u,
    timezone('utc'::text, tz) AS v
   FROM shop.item;
--
SELECT timezone('utc'::text, ts) AS u,
    timezone('utc'::text, tz) AS v
   FROM shop.item;
