expression
("position"((name)::text, ('a'::text || 'b'::text)) > 0)