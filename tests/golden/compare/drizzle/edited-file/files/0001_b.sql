CREATE TABLE 0001_b(i int);
-- edited
