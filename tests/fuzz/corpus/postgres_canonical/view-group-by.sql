query
SELECT (timezone('utc'::text, part.made))::date AS day,
    count(*) AS count
   FROM shop.part
  GROUP BY ((timezone('utc'::text, part.made))::date);