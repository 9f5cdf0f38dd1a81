-- depends: c
SELECT 1;
