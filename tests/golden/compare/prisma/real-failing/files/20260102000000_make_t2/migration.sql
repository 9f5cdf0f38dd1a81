CREATE TABLE t2 (id integer PRIMARY KEY);
INSERT INTO no_such_table VALUES (1);
