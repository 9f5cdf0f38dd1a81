((vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))
--
((vc)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))
