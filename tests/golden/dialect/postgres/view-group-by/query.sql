SELECT (timezone('utc'::text, part.made))::date AS day,
    count(*) AS count
   FROM shop.part
  GROUP BY ((timezone('utc'::text, part.made))::date);
--
SELECT ((part.made AT TIME ZONE 'utc'::text))::date AS day,
    count(*) AS count
   FROM shop.part
  GROUP BY (((part.made AT TIME ZONE 'utc'::text))::date);
--
SELECT ((made AT TIME ZONE 'utc'::text))::date AS day,
    count(*) AS count
   FROM shop.part
  GROUP BY (((made AT TIME ZONE 'utc'::text))::date);
--
SELECT (timezone('utc'::text, made))::date AS day,
    count(*) AS count
   FROM shop.part
  GROUP BY ((timezone('utc'::text, made))::date);
