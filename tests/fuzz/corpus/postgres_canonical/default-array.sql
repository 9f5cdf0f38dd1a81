default text[]
ARRAY['a'::text, 'b'::text]