LIST (date_trunc('month'::text, timezone('utc'::text, at)))
--
LIST (date_trunc('month'::text, (at AT TIME ZONE 'utc'::text)))
