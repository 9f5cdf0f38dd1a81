-- migrate:up
CREATE TABLE t10 (id int);

-- migrate:down
DROP TABLE t10;
