-- atlas:sum ignore
CREATE TABLE t2(i int);
