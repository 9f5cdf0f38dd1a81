default text[]
'{}'::text[]