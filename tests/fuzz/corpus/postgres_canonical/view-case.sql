query
SELECT
        CASE
            WHEN ((i.vc)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])) THEN i.name
            ELSE NULL::character varying
        END AS x
   FROM shop.item i;