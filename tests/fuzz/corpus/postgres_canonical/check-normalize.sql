expression
("normalize"((name)::text, 'nfc'::text) = (name)::text)