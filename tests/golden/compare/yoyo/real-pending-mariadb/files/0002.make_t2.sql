-- make_t2
-- depends: 0001.make_t1

CREATE TABLE t2 (id integer PRIMARY KEY);
