SELECT DISTINCT ON (part.kind) part.kind,
    part.id
   FROM shop.part
  ORDER BY part.kind, part.id DESC;
--
SELECT DISTINCT ON (kind) kind,
    id
   FROM shop.part
  ORDER BY kind, id DESC;
