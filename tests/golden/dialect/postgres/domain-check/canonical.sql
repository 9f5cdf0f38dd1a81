(value::text ~ '^[A-Z]+$'::text) AND (value::text = ANY (ARRAY['A', 'B']::text[]))
