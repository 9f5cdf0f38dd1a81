-- migrate:up
CREATE TABLE t004 (id int);

-- migrate:down
DROP TABLE t004;
