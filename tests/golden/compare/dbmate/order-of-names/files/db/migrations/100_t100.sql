-- migrate:up
CREATE TABLE t100 (id int);

-- migrate:down
DROP TABLE t100;
