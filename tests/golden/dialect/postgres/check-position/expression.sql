("position"((name)::text, ('a'::text || 'b'::text)) > 0)
--
(POSITION((('a'::text || 'b'::text)) IN (name)) > 0)
