("substring"((name)::text, 2, 3) = 'x'::text)
--
(SUBSTRING(name FROM 2 FOR 3) = 'x'::text)
