query
SELECT mode() WITHIN GROUP (ORDER BY p.kind) AS m,
    json_agg(p.*) AS j,
    row_to_json(p.*) AS r
   FROM shop.part p
  GROUP BY p.*;