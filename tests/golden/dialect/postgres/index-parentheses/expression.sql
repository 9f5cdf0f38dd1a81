timezone('utc'::text, tz)
--
(tz AT TIME ZONE 'utc'::text)
--
((tz AT TIME ZONE 'utc'::text))
