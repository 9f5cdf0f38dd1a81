expression
(((VALUE)::text ~ '^[A-Z]+$'::text) AND ((VALUE)::text = ANY ((ARRAY['A'::character varying, 'B'::character varying])::text[])))