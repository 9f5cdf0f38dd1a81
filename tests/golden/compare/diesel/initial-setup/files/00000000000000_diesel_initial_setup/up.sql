CREATE TABLE t0(i int);
