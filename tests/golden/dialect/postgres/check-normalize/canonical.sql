normalize(name, 'nfc'::text) = name::text
