-- init
-- depends:

CREATE TABLE a (i int);
