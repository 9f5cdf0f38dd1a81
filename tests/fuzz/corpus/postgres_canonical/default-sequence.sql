default bigint
nextval('public.s'::regclass)