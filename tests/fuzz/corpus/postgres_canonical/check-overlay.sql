expression
("overlay"((name)::text, 'x'::text, 2, 3) <> ''::text)