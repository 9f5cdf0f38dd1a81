default numeric
NULL::numeric