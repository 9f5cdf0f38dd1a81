-- migrate:up
CREATE TABLE t002 (id int);

-- migrate:down
DROP TABLE t002;
