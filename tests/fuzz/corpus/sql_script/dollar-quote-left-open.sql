SELECT 1;
DO $a$ x $b$;
SELECT 2;
