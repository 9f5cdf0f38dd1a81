-- migrate:up
CREATE TABLE t3 (id integer PRIMARY KEY);

-- migrate:down
DROP TABLE t3;
