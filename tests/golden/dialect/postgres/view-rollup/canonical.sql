SELECT kind, state, count(*) AS count, grouping(kind) AS "grouping" FROM shop.part GROUP by rollup(kind, state)
