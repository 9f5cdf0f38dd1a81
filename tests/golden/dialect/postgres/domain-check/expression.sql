(((VALUE)::text ~ '^[A-Z]+$'::text) AND ((VALUE)::text = ANY ((ARRAY['A'::character varying, 'B'::character varying])::text[])))
--
(((VALUE)::text ~ '^[A-Z]+$'::text) AND ((VALUE)::text = ANY (ARRAY[('A'::character varying)::text, ('B'::character varying)::text])))
