SELECT id FROM shop.item TABLESAMPLE bernoulli(10) repeatable(3)
