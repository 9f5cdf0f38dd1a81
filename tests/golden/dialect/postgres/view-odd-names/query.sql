SELECT o."select",
    o."Value" AS value
   FROM shop."Odd Name" o
  WHERE (o."Value" ~~ 'a%'::text);
--
SELECT "select",
    "Value" AS value
   FROM shop."Odd Name" o
  WHERE ("Value" ~~ 'a%'::text);
