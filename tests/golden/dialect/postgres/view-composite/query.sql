SELECT (i.pr).a AS a,
    (i.pr).b AS bb
   FROM shop.item i;
--
SELECT (pr).a AS a,
    (pr).b AS bb
   FROM shop.item i;
