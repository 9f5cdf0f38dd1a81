timezone('utc'::text, tz), timezone('utc'::text, ts)
--
(tz AT TIME ZONE 'utc'::text), (ts AT TIME ZONE 'utc'::text)
