expression
("substring"((name)::text, 2, 3) = 'x'::text)