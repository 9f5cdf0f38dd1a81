SELECT p.x,
    p.y
   FROM shop.part p(x, y, qty, kind, note, made, data, state);
--
SELECT x,
    y
   FROM shop.part p(x, y, qty, kind, note, made, data, state);
