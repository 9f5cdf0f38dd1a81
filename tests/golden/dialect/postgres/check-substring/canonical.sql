substring(name, 2, 3) = 'x'::text
