SELECT "substring"((item.name)::text, 2, 3) AS a,
    "substring"((item.name)::text, 2) AS b,
    btrim((item.name)::text) AS c,
    "position"((item.name)::text, 'a'::text) AS d,
    "overlay"((item.name)::text, 'x'::text, 1) AS e
   FROM shop.item;
--
SELECT SUBSTRING(item.name FROM 2 FOR 3) AS a,
    "substring"((item.name)::text, 2) AS b,
    TRIM(BOTH FROM item.name) AS c,
    POSITION(('a'::text) IN (item.name)) AS d,
    OVERLAY(item.name PLACING 'x'::text FROM 1) AS e
   FROM shop.item;
--
SELECT SUBSTRING(name FROM 2 FOR 3) AS a,
    "substring"((name)::text, 2) AS b,
    TRIM(BOTH FROM name) AS c,
    POSITION(('a'::text) IN (name)) AS d,
    OVERLAY(name PLACING 'x'::text FROM 1) AS e
   FROM shop.item;
--
SELECT "substring"((name)::text, 2, 3) AS a,
    "substring"((name)::text, 2) AS b,
    btrim((name)::text) AS c,
    "position"((name)::text, 'a'::text) AS d,
    "overlay"((name)::text, 'x'::text, 1) AS e
   FROM shop.item;
