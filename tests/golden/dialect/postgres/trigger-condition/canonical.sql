(new.vc::text = ANY (ARRAY['a', 'b']::text[])) AND (pg_trigger_depth() = 0)
