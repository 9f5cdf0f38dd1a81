-- depends: 0001_init  0002_more
CREATE TABLE c (i int); -- depends: nothing
