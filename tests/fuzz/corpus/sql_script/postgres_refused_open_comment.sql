SELECT 1;
/* x /* y */
SELECT 1;
SELECT 2;
