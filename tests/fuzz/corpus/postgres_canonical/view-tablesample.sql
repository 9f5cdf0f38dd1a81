query
SELECT item.id
   FROM shop.item TABLESAMPLE bernoulli (10) REPEATABLE (3);