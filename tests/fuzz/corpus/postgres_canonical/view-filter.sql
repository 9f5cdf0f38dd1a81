query
SELECT count(*) AS count,
    sum(part.qty) FILTER (WHERE (part.qty > 0)) AS s,
    max(part.qty) AS max
   FROM shop.part
  GROUP BY part.kind;