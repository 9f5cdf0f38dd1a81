SELECT count(*) AS count,
    sum(part.qty) FILTER (WHERE (part.qty > 0)) AS s,
    max(part.qty) AS max
   FROM shop.part
  GROUP BY part.kind;
--
SELECT count(*) AS count,
    sum(qty) FILTER (WHERE (qty > 0)) AS s,
    max(qty) AS max
   FROM shop.part
  GROUP BY kind;
