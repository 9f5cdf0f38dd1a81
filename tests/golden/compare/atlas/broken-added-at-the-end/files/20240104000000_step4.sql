CREATE TABLE t4(i int);
