expression
E(SELECT AS t AS t)