SELECT xmlserialize(content xm AS text) AS s, xmlparse(document '<a/>'::text strip whitespace) AS p, xmlroot(xm, version '1.0'::text) AS r FROM shop.item
