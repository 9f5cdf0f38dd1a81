default jsonb
'{"bb": [1, 2.50e1, "\u00e9\ud83d\ude00"], "a": {"a": null, "a": true}}'::jsonb