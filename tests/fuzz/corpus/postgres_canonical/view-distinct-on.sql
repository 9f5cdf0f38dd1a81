query
SELECT DISTINCT ON (part.kind) part.kind,
    part.id
   FROM shop.part
  ORDER BY part.kind, part.id DESC;