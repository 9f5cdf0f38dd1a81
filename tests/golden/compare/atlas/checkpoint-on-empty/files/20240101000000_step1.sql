CREATE TABLE t1(i int);
