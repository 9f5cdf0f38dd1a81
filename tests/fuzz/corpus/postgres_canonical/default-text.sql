default character varying(20)
'it''s'::text