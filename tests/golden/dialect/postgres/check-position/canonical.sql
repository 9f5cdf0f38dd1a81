position(name, 'a'::text || 'b'::text) > 0
