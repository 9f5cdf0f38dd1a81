SELECT mode() within GROUP (ORDER by kind) AS m, json_agg(p.*) AS j, row_to_json(p.*) AS r FROM shop.part p GROUP by p.*
