query
SELECT (i.pr).a AS a,
    (i.pr).b AS bb
   FROM shop.item i;