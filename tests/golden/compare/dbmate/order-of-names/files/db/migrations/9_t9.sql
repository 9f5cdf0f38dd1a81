-- migrate:up
CREATE TABLE t9 (id int);

-- migrate:down
DROP TABLE t9;
