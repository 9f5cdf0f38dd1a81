query
SELECT (I.p)ra. AS a FROM shop.item i