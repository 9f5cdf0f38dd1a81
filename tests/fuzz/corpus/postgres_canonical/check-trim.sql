expression
(length(btrim((name)::text)) > 0)