expression
(timezone('Europe/Berlin'::text, timezone('utc'::text, ts)) > '2020-01-01 00:00:00'::timestamp without time zone)