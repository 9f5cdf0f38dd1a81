query
SELECT percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY ((part.qty)::double precision)) AS med,
    string_agg(part.note, ', '::text ORDER BY part.id DESC) AS s,
    array_agg(DISTINCT part.kind ORDER BY part.kind) AS k
   FROM shop.part;