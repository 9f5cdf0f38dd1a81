query
SELECT x.a,
    x.b
   FROM ROWS FROM(generate_series(1, 2), generate_series(1, 3)) x(a, b);