SELECT timezone('utc'::text, made)::date AS day, count(*) AS count FROM shop.part GROUP by timezone('utc'::text, made)::date
