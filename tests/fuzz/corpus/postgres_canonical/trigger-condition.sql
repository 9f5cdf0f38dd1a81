expression
(((new.vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])) AND (pg_trigger_depth() = 0))