SELECT kind, state, count(*) AS count FROM shop.part GROUP by grouping sets(kind, state, ())
