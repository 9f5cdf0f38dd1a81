-- migrate:up
CREATE TABLE t2 (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE t2;
