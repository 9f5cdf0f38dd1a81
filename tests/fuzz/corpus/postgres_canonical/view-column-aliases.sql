query
SELECT p.x,
    p.y
   FROM shop.part p(x, y, qty, kind, note, made, data, state);