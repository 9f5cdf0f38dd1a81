SELECT "select", "Value" AS value FROM shop."Odd Name" o WHERE "Value" ~~ 'a%'::text
