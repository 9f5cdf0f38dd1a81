SELECT item.id FROM shop.item WHERE item.vc::text = ANY (ARRAY['a', 'b']::text[]) UNION ALL SELECT part.id FROM shop.part WHERE part.kind::text = ANY (ARRAY['x', 'y']::text[])
