-- make_t3
-- depends: 0002.make_t2

CREATE TABLE t3 (id integer PRIMARY KEY);
