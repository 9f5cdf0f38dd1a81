-- atlas:checkpoint v1

CREATE TABLE t1(i int);
CREATE TABLE t2(i int);
