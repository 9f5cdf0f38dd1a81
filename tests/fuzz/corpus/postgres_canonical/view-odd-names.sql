query
SELECT o."select",
    o."Value" AS value
   FROM shop."Odd Name" o
  WHERE (o."Value" ~~ 'a%'::text);