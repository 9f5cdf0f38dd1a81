query
SELECT part.kind,
    part.state,
    count(*) AS count,
    GROUPING(part.kind) AS "grouping"
   FROM shop.part
  GROUP BY ROLLUP(part.kind, part.state);