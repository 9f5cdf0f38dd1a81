(length(btrim((name)::text)) > 0)
--
(length(TRIM(BOTH FROM name)) > 0)
