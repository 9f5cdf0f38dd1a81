expression
((vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))