SELECT x, y FROM shop.part p(x, y, qty, kind, note, made, data, state)
