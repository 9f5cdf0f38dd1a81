-- make_t1
-- depends: 

CREATE TABLE t1 (id integer PRIMARY KEY);
