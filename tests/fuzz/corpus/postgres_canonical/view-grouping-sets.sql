query
SELECT part.kind,
    part.state,
    count(*) AS count
   FROM shop.part
  GROUP BY GROUPING SETS ((part.kind), (part.state), ());