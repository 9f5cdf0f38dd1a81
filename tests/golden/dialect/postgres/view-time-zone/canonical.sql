SELECT timezone('utc'::text, ts) AS u, timezone('utc'::text, tz) AS v FROM shop.item
