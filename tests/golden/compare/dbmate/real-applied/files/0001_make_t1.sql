-- migrate:up
CREATE TABLE t1 (id integer PRIMARY KEY);

-- migrate:down
DROP TABLE t1;
