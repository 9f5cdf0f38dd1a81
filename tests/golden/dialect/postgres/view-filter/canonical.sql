SELECT count(*) AS count, sum(qty) filter(WHERE qty > 0) AS s, max(qty) AS max FROM shop.part GROUP by kind
