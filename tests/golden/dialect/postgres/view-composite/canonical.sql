SELECT (pr).a AS a, (pr).b AS bb FROM shop.item i
