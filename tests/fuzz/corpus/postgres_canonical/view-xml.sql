query
SELECT XMLSERIALIZE(CONTENT item.xm AS text) AS s,
    XMLPARSE(DOCUMENT '<a/>'::text STRIP WHITESPACE) AS p,
    XMLROOT(item.xm, VERSION '1.0'::text) AS r
   FROM shop.item;