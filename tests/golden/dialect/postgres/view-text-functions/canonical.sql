SELECT substring(name, 2, 3) AS a, substring(name, 2) AS b, btrim(name) AS c, position(name, 'a'::text) AS d, overlay(name, 'x'::text, 1) AS e FROM shop.item
