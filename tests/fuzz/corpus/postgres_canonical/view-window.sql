query
SELECT part.id,
    row_number() OVER (PARTITION BY part.kind ORDER BY part.qty DESC) AS rn,
    sum(part.qty) OVER w AS s
   FROM shop.part
  WINDOW w AS (PARTITION BY part.item_id ORDER BY part.id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);