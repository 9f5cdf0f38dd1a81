("overlay"((name)::text, 'x'::text, 2, 3) <> ''::text)
--
(OVERLAY(name PLACING 'x'::text FROM 2 FOR 3) <> ''::text)
